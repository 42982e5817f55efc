import { KAFKA_TYPES, KAFKAJS_CLASSES } from './kafka.ts';
import { CERTIFICATE_ERRORS, DNS_ERRORS, NODE_CODES, SYSTEM_ERRORS } from './node.ts';
import { PG_MESSAGES, SQLSTATE_CLASSES, SQLSTATE_CODES } from './postgres.ts';
import { ADAPTER_KINDS, PRISMA_CODES } from './prisma.ts';
import { UNDICI_CODES } from './undici.ts';
import type { Ruling, Rulings } from './verdict.ts';

const HEAD = `# Errors of dependencies

Written by \`npx -y pnpm errors\` from the tables in \`packages/service-kit/src/faults\`; do not edit it.

A fault of a dependency is not a fault of a message. Each error that a dependency can give has one verdict:

| verdict   | means                                                                  | over HTTP            | in a consumer                                        | in the log                                     |
| --------- | ---------------------------------------------------------------------- | -------------------- | ---------------------------------------------------- | ---------------------------------------------- |
| transient | says nothing of what was asked; the same may succeed later             | 503 with Retry-After | waited for, as long as it takes; nothing is committed | one line at \`warn\`: the cause's message and code |
| refused   | the content cannot be taken, now or later                              | 500                  | after five tries a dead letter                       | \`error\`, with the stack                         |
| bug       | asked wrongly, or program and schema do not fit                        | 500                  | after five tries a dead letter                       | \`error\`, with the stack                         |

**What no table knows.** An unknown SQLSTATE, errno, \`UND_ERR_…\`, \`P1…\` or error of kafkajs is transient: a message that
waits can still be processed, and lag, readiness and \`orders_stuck\` show it. An exception that is no dependency's is a bug.
A wrapper and its cause are judged together: refused counts before transient, transient before bug.

**Renew.** After these the connection, with all that idle in its pool, or the Kafka producer is replaced before the next try, so that
the new primary is found after a failover.

**Passwords, roles and names of databases** that do not fit are transient too, at the start as well: a process cannot tell a typing
error from a password that is being changed. It stays up, is not ready, and says the server's sentence once.
`;

const codesBy = (rulings: Rulings): Map<Ruling, string[]> => {
  const groups = new Map<string, { ruling: Ruling; codes: string[] }>();
  for (const [code, ruling] of Object.entries(rulings)) {
    const key = JSON.stringify(ruling);
    const group = groups.get(key) ?? { ruling, codes: [] };
    group.codes.push(code);
    groups.set(key, group);
  }
  return new Map([...groups.values()].map(({ ruling, codes }) => [ruling, codes]));
};

const table = (title: string, source: string, rulings: Rulings): string => {
  const rows = [...codesBy(rulings)].map(([{ verdict, why, renew }, codes]) => {
    const named = codes.map((code) => `\`${code}\``).join(', ');
    return `| ${named} | ${verdict}${renew ? ', renew' : ''} | ${why} |`;
  });
  return [`## ${title}`, '', source, '', '| | verdict | why |', '| --- | --- | --- |', ...rows, ''].join(
    '\n',
  );
};

/** docs/errors.md: the verdict of every error that is known, as Markdown. */
export const faultsPage = (): string =>
  [
    HEAD,
    table(
      'PostgreSQL: classes of SQLSTATE',
      'From the first two characters. [Appendix A](https://www.postgresql.org/docs/18/errcodes-appendix.html) names the codes.',
      SQLSTATE_CLASSES,
    ),
    table('PostgreSQL: codes that differ from their class', 'They count before the class.', SQLSTATE_CODES),
    table('pg', 'Errors without a code, by the beginning of their message.', PG_MESSAGES),
    table('Prisma', 'What the server answered, in the cause, counts as well.', PRISMA_CODES),
    table('Prisma: kinds of its driver adapter', 'Beside the SQLSTATE, which counts as well.', ADAPTER_KINDS),
    table('The operating system', 'While connecting, each of them is transient.', SYSTEM_ERRORS),
    table('Name servers', 'Node.js, `dns`.', DNS_ERRORS),
    table('Certificates', 'Node.js, TLS.', CERTIFICATE_ERRORS),
    table('Node.js', 'Codes that begin so.', NODE_CODES),
    table('undici', 'Calls between services. An abort and a `TimeoutError` are transient.', UNDICI_CODES),
    table('kafkajs', 'Classes; the type of a refusal counts as well.', KAFKAJS_CLASSES),
    table('Kafka', "Types of the broker's refusals.", KAFKA_TYPES),
  ].join('\n');
