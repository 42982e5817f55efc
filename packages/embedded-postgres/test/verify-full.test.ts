import { expect, test } from '@jest/globals';
import { createAuthority, issueCertificate } from '@order-pipeline/certificates';
import { connectionConfig, createRawSql, openPool } from '@order-pipeline/service-kit';
import { eventually } from '@order-pipeline/testing';
import { chownSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { clusterDir, ownFolders, query, start, top } from './harness.ts';

// What a database URL says of TLS, against a PostgreSQL that speaks it.

ownFolders();

const VALIDITY = { now: Date.now(), days: 1 };

/** Has the server of a URL speak TLS, with a certificate for `name`; answers the files of its authority and of another one. */
const serveTls = async (url: string, name: string) => {
  const authority = await createAuthority('ours', VALIDITY);
  const { certificate, key } = await issueCertificate(authority, { name }, VALIDITY);
  const { uid, gid } = statSync(clusterDir());
  for (const [file, content] of Object.entries({ 'server.crt': certificate, 'server.key': key })) {
    writeFileSync(path.join(clusterDir(), file), content, { mode: 0o600 });
    chownSync(path.join(clusterDir(), file), uid, gid);
  }
  for (const statement of ['ALTER SYSTEM SET ssl = on', 'SELECT pg_reload_conf()'])
    await query(url, statement);
  const fileOf = async (file: string, content: string): Promise<string> => {
    writeFileSync(path.join(top, file), content);
    return path.join(top, file);
  };
  return {
    ours: await fileOf('ours.crt', authority.certificate),
    foreign: await fileOf('foreign.crt', (await createAuthority('foreign', VALIDITY)).certificate),
  };
};

const withTls = (url: string, host: string, parameters: Record<string, string>): string => {
  const changed = new URL(url);
  changed.hostname = host;
  for (const [name, value] of Object.entries(parameters)) changed.searchParams.set(name, value);
  return changed.href;
};

const IS_ENCRYPTED = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()';

test('verify-full takes the certificate of the authority for this host, and no other; a statement is cancelled by the same way', async () => {
  const url = (await start()).url('orders');
  const { ours, foreign } = await serveTls(url, 'localhost');
  const verified = { sslmode: 'verify-full', sslrootcert: ours };
  const ask = (host: string, parameters: Record<string, string>) =>
    query(withTls(url, host, parameters), IS_ENCRYPTED);
  expect(await ask('localhost', verified)).toEqual([{ ssl: true }]);
  await expect(ask('localhost', { ...verified, sslrootcert: foreign })).rejects.toThrow(/certificate/);
  // The certificate does not say that it is for this address.
  await expect(ask('127.0.0.1', verified)).rejects.toThrow(/IP/);
  await expect(ask('localhost', { sslmode: 'verify-full' })).rejects.toThrow(/certificate/);

  const pool = openPool(
    connectionConfig({ url: withTls(url, 'localhost', verified), applicationName: 'verified' }),
    () => undefined,
  );
  const leaving = new AbortController();
  const statement = createRawSql(pool).until(leaving.signal).$queryRaw`SELECT 'left', pg_sleep(3600)`;
  const refused = expect(statement).rejects.toMatchObject({
    cause: { message: 'canceling statement due to user request' },
  });
  await eventually(async () =>
    expect(
      await query(
        url,
        "SELECT query FROM pg_stat_activity WHERE application_name = 'verified' AND state = 'active'",
      ),
    ).toHaveLength(1),
  );
  leaving.abort();
  await refused;
  await pool.end();
}, 60_000);
