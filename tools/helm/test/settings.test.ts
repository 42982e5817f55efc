import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createAuthority, issueCertificate, type CertifiedKey } from '@order-pipeline/certificates';
import { DATABASE_NAMES, SERVICE_NAMES } from '@order-pipeline/contracts';
import { SERVICES } from '@order-pipeline/launcher';
import { kafkaSchema } from '@order-pipeline/launcher/kafka-settings.ts';
import { planMigrations } from '@order-pipeline/launcher/migration-job.ts';
import { planSystem } from '@order-pipeline/launcher/plan.ts';
import { processSchema, urlSchema, urlVariable } from '@order-pipeline/launcher/settings.ts';
import { tlsSchema } from '@order-pipeline/launcher/tls-settings.ts';
import { settingNames } from '@order-pipeline/service-kit';
import { createChartServices } from '../src/services.ts';
import { isThere, render, VALUES_FILES } from './render.ts';
import { environmentOf, filesOf, podsOf, type Pod } from './workloads.ts';

// What the chart tells each pod, taken by the very code that reads it there.

const VALID = { days: 1, now: Date.now() };

let folder: string;
let authority: CertifiedKey;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'chart-'));
  authority = await createAuthority('test', VALID);
});

afterAll(() => rm(folder, { recursive: true }));

const contentOf = (file: string, certificate: CertifiedKey): string => {
  if (file.endsWith('/tls.crt')) return certificate.certificate;
  if (file.endsWith('/tls.key')) return certificate.key;
  if (file.endsWith('/ca.crt')) return authority.certificate;
  if (/database(?:-read)?-url$/.test(file)) return 'postgresql://role:password@host:5432/name';
  return 'a-secret-of-sixteen-characters';
};

/** The environment of a pod as it is in its container, with the files of its volumes in a folder of the test. */
const asInside = async (values: string, { owner, spec }: Pod): Promise<Record<string, string>> => {
  const [container] = spec.containers;
  if (!container) throw new Error(`${owner.metadata.name} has no container`);
  const root = path.join(folder, values, owner.metadata.name);
  const certificate = await issueCertificate(authority, { name: container.name }, VALID);
  for (const file of filesOf(spec, container).keys()) {
    await mkdir(path.dirname(`${root}${file}`), { recursive: true });
    await writeFile(`${root}${file}`, contentOf(file, certificate));
  }
  const set = Object.entries(environmentOf(render(values).objects, container));
  // The image's own.
  return {
    HOST: '0.0.0.0',
    ...Object.fromEntries(set.map(([name, value]) => [name, value.replace(/^\/run\//, `${root}/run/`)])),
  };
};

const podNamed = (values: string, component: string): Pod | undefined =>
  podsOf(render(values).objects).find(
    ({ metadata }) => metadata.labels['app.kubernetes.io/component'] === component,
  );

const described = isThere('helm') ? describe : describe.skip;

described.each(VALUES_FILES)('with %s.yaml', (values) => {
  test.each(SERVICE_NAMES)('%s starts', async (name) => {
    const pod = podNamed(values, name);
    expect(pod?.spec.containers).toMatchObject([{ name, args: [name] }]);
    const plan = pod && planSystem([name], await asInside(values, pod));
    expect(plan).toMatchObject({ port: 3000, metricsPort: 9464 });
  });

  test('the migrations start, where there is a job for them', async () => {
    const pod = podNamed(values, 'migrate');
    const [service] = SERVICE_NAMES.filter((name) => SERVICES[name].database);
    const starter = service && podNamed(values, service);
    const migrate = starter && (await asInside(values, starter))['MIGRATE'];
    expect(pod === undefined).toBe(migrate === 'start' || values === 'bare');
    if (pod)
      expect(
        planMigrations([], await asInside(values, pod)).migrations.map(({ database }) => database),
      ).toEqual(DATABASE_NAMES);
  });
});

described('the chart', () => {
  test('lets every setting of the tree be given, but those that are not for it', () => {
    const { services } = createChartServices();
    const known = new Set([
      ...Object.values(services).flatMap(({ settings }) => settings),
      ...['everything', 'minimal'].flatMap((values) =>
        podsOf(render(values).objects).flatMap(({ spec }) =>
          spec.containers.flatMap((container) =>
            Object.keys(environmentOf(render(values).objects, container)),
          ),
        ),
      ),
    ]);
    const all = new Set([
      ...[processSchema, kafkaSchema, tlsSchema, urlSchema(DATABASE_NAMES, SERVICE_NAMES)].flatMap(
        settingNames,
      ),
      ...Object.values(SERVICES).flatMap(({ settings }) => settingNames(settings)),
    ]);
    const left = [...all].filter((name) => !known.has(name) && !known.has(`${name}_FILE`));
    const asked = new Set(SERVICE_NAMES.flatMap((name) => SERVICES[name].dependsOn));
    const unasked = SERVICE_NAMES.filter((name) => !asked.has(name)).map(urlVariable);
    expect(left.filter((name) => !unasked.includes(name)).toSorted()).toEqual([
      // For one machine.
      'AUTH_DEV_ISSUER',
      'DATA_DIR',
      // The pod's own.
      'PORT',
      // It has another name now.
      'REDRIVE_AFTER_MS',
    ]);
  });
});
