import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import {
  isThere,
  parseObjects,
  render,
  template,
  VALUES_FILES,
  valuesFile,
  type KubernetesObject,
} from './render.ts';
import { environmentOf, named, podsOf, type Container } from './workloads.ts';

// What the chart makes, by the real helm: each object as Kubernetes has it, and by rules of our own.

/** What Kubernetes itself has no schema for. */
const OF_OTHERS = new Set([
  'ScaledObject',
  'TriggerAuthentication',
  'ServiceMonitor',
  'PrometheusRule',
  'HTTPRoute',
  'Certificate',
]);
const RESTRICTED_POD = {
  runAsNonRoot: true,
  runAsUser: expect.any(Number),
  seccompProfile: { type: 'RuntimeDefault' },
};
const RESTRICTED_CONTAINER = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};

type Labels = Readonly<Record<string, string>>;

const matches = (selector: Labels, labels: Labels = {}): boolean =>
  Object.entries(selector).every(([name, value]) => labels[name] === value);

/** Every map `matchLabels` of pods in an object, wherever it is. */
const selectorsIn = (value: unknown): Labels[] => {
  if (value === null || typeof value !== 'object') return [];
  const here = (value as { readonly matchLabels?: Labels }).matchLabels;
  const { namespaceSelector: _, ...others } = value as Readonly<Record<string, unknown>>;
  return [...(here ? [here] : []), ...Object.values(others).flatMap(selectorsIn)];
};

const containersOf = (objects: readonly KubernetesObject[]) =>
  podsOf(objects).flatMap(({ owner, spec }) =>
    [...spec.containers, ...(spec.initContainers ?? [])].map((container) => ({ owner, spec, container })),
  );

const portsOf = ({ ports = [] }: Container) =>
  new Set<string | number>(ports.flatMap((port) => [port.name, port.containerPort]));

const ofKind = (objects: readonly KubernetesObject[], kind: string) =>
  objects.filter((object) => object.kind === kind);

(isThere('helm') ? describe : describe.skip).each(VALUES_FILES)('the chart with %s.yaml', (values) => {
  const objects = (): readonly KubernetesObject[] => render(values).objects;

  (isThere('kubernetes-validate') ? test : test.skip)('makes objects that Kubernetes takes', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'chart-'));
    const file = path.join(folder, 'objects.yaml');
    writeFileSync(file, render(values).text);
    const run = spawnSync('kubernetes-validate', ['--strict', file], { encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    const lines = `${run.stdout}${run.stderr}`.split('\n').filter(Boolean);
    const taken = lines.filter((line) => / passed for resource /.test(line));
    const unknown = lines.flatMap((line) => /find schema for kind (\w+)/.exec(line)?.[1] ?? []);
    expect(lines).toHaveLength(taken.length + unknown.length);
    expect(unknown.filter((kind) => !OF_OTHERS.has(kind))).toEqual([]);
    expect(lines).toHaveLength(objects().length);
    expect(run.status).toBe(0);
  });

  test('names each object once, in the namespace of the release', () => {
    const names = objects().map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(objects().map(({ metadata }) => metadata.namespace))).toEqual(new Set(['shops']));
    for (const { metadata } of objects()) expect(metadata.name.length).toBeLessThanOrEqual(63);
  });

  test('keeps every pod to the restricted profile, without a token', () => {
    const pods = podsOf(objects());
    expect(pods.length).toBeGreaterThanOrEqual(8);
    for (const { spec } of pods) {
      expect(spec).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false });
      expect(spec.securityContext).toMatchObject(RESTRICTED_POD);
      expect([spec.hostNetwork, spec.hostPID, spec.hostIPC]).toEqual([undefined, undefined, undefined]);
      for (const volume of spec.volumes ?? [])
        expect(Object.keys(volume)).toEqual([
          'name',
          expect.stringMatching(/^(?:secret|configMap|projected|persistentVolumeClaim)$/),
        ]);
    }
    for (const { container } of containersOf(objects()))
      expect(container.securityContext).toEqual(RESTRICTED_CONTAINER);
  });

  test('gives every container requests and a limit of memory', () => {
    for (const { container } of containersOf(objects()))
      expect(container.resources).toMatchObject({
        requests: { cpu: expect.anything(), memory: expect.anything() },
        limits: { memory: expect.anything() },
      });
  });

  test('gives every service probes, at ports that it has', () => {
    for (const { owner, container } of containersOf(objects())) {
      if (owner.kind !== 'Deployment') continue;
      const { startupProbe, livenessProbe, readinessProbe } = container;
      expect([startupProbe, livenessProbe, readinessProbe].map((probe) => probe?.httpGet?.path)).toEqual([
        '/health/live',
        '/health/live',
        '/health/ready',
      ]);
      for (const probe of [startupProbe, livenessProbe, readinessProbe])
        expect(portsOf(container)).toContain(probe?.httpGet?.port);
    }
  });

  test('gives a pod the time that a stop takes', () => {
    for (const { owner, spec } of podsOf(objects())) {
      if (owner.kind !== 'Deployment') continue;
      const [container] = spec.containers;
      const environment = container ? environmentOf(objects(), container) : {};
      const delay = Number(environment['SHUTDOWN_DELAY_MS']) / 1_000;
      expect(spec.terminationGracePeriodSeconds).toBeGreaterThan(delay + 10);
    }
  });

  test('selects pods that there are, and Deployments select their own alone', () => {
    const pods = podsOf(objects());
    for (const object of objects()) {
      if (object.kind === 'ServiceMonitor') continue;
      const service = object.kind === 'Service' ? [object.spec?.['selector'] as Labels] : [];
      for (const selector of [...service, ...selectorsIn(object.spec)])
        expect([
          object.metadata.name,
          pods.some(({ metadata }) => matches(selector, metadata.labels)),
        ]).toEqual([object.metadata.name, true]);
    }
    for (const { owner } of pods) {
      if (owner.kind !== 'Deployment') continue;
      const [own = {}] = selectorsIn((owner.spec as { readonly selector: unknown }).selector);
      const selected = pods.filter(({ metadata }) => matches(own, metadata.labels));
      expect(selected.map((pod) => pod.owner.metadata.name)).toEqual([owner.metadata.name]);
    }
  });

  test('refers to nothing that is not there', () => {
    const missing = containersOf(objects()).flatMap(({ spec, container }) => {
      const volumes = new Set((spec.volumes ?? []).map(({ name }) => name));
      return [
        ...(container.envFrom ?? [])
          .map(({ configMapRef }) => configMapRef?.name ?? '')
          .filter((name) => !named(objects(), 'ConfigMap', name)),
        ...(container.volumeMounts ?? []).map(({ name }) => name).filter((name) => !volumes.has(name)),
        ...[...volumes].filter(
          (name) => !(container.volumeMounts ?? []).some((mount) => mount.name === name),
        ),
      ];
    });
    expect(missing).toEqual([]);
    // The job comes before the release, and its ServiceAccount.
    for (const { owner, spec } of podsOf(objects())) {
      const { serviceAccountName: account = '' } = spec;
      if (owner.metadata.annotations?.['helm.sh/hook']) expect(account).toBe('');
      else expect(named(objects(), 'ServiceAccount', account)).toBeDefined();
    }
  });

  test('sends requests to ports that the pods have', () => {
    const pods = podsOf(objects());
    for (const { metadata, spec } of ofKind(objects(), 'Service')) {
      const { selector, ports } = spec as {
        selector: Labels;
        ports: { name: string; port: number; targetPort: string }[];
      };
      const [pod] = pods.filter((candidate) => matches(selector, candidate.metadata.labels));
      for (const { targetPort } of ports)
        expect([
          metadata.name,
          [...(pod?.spec.containers ?? [])].some((one) => portsOf(one).has(targetPort)),
        ]).toEqual([metadata.name, true]);
    }
    const backends = [...ofKind(objects(), 'Ingress'), ...ofKind(objects(), 'HTTPRoute')].map(({ spec }) =>
      JSON.stringify(spec),
    );
    for (const backend of backends) {
      const service = ofKind(objects(), 'Service').find(({ metadata }) =>
        backend.includes(`"${metadata.name}"`),
      );
      expect((service?.spec?.['ports'] as { name: string }[] | undefined)?.map(({ name }) => name)).toContain(
        'http',
      );
    }
  });

  test('scales only what there is, and by one rule', () => {
    const scaled = [
      ...ofKind(objects(), 'HorizontalPodAutoscaler'),
      ...ofKind(objects(), 'ScaledObject'),
    ].map(({ spec }) => (spec?.['scaleTargetRef'] as { readonly name: string } | undefined)?.name ?? '');
    expect(new Set(scaled).size).toBe(scaled.length);
    for (const name of scaled)
      expect(named(objects(), 'Deployment', name)?.spec).not.toHaveProperty('replicas');
    for (const { metadata, spec } of ofKind(objects(), 'Deployment'))
      if (!scaled.includes(metadata.name)) expect(spec?.['replicas']).toBeGreaterThan(0);
  });

  test('has no Secret, and no value of one', () => {
    expect(ofKind(objects(), 'Secret')).toEqual([]);
    const variables = containersOf(objects()).flatMap(({ container }) =>
      Object.entries(environmentOf(objects(), container)),
    );
    for (const [name, value] of variables) {
      if (/TOKEN|PASSWORD|SECRET|KEY|DATABASE_URL/.test(name) && value !== '')
        expect([name, value]).toEqual([expect.stringMatching(/_FILE$/), expect.stringMatching(/^\/run\//)]);
      expect(value).not.toMatch(/:\/\/[^/]*@/);
    }
  });
});

(isThere('helm') ? describe : describe.skip)('values that cannot work are refused with a sentence', () => {
  const refusal = (...set: readonly string[]): string => {
    try {
      template('--values', valuesFile('minimal'), ...set.flatMap((value) => ['--set', value]));
      return 'nothing';
    } catch (error) {
      return (error as { readonly stderr: string }).stderr;
    }
  };

  test.each([
    ['kafka.brokers=', 'kafka.brokers is required'],
    ['access.open=false', 'access.issuer is required, or access.open=true'],
    ['access.issuer=https://issuer', 'access.open and access.issuer exclude each other'],
    ['access.open=false,access.issuer=https://issuer', 'access.audience is required'],
    ['kafka.sasl.mechanism=plain', 'kafka.tls.enabled must be true'],
    ['kafka.sasl.mechanism=scram-sha-512', 'kafka.sasl.username and kafka.sasl.secret are required'],
    ['services.users.keda.enabled=true', 'services.users.keda: it consumes no topic'],
    [
      'services.shipping.keda.enabled=true,services.shipping.autoscaling.enabled=true',
      'services.shipping: autoscaling and keda exclude each other',
    ],
    [
      'services.shipping.keda.enabled=true,services.shipping.keda.maxReplicas=7',
      'more than kafka.topics.partitions',
    ],
    ['archive.enabled=true', 'archive.claim is required'],
    ['tls.certManager.enabled=true', 'tls.certManager.issuerRef is required'],
    ['services.ordrs.replicas=1', "additional properties 'ordrs' not allowed"],
    ['settings.OPERATOR_TOKEN=S3cret', "additional properties 'OPERATOR_TOKEN' not allowed"],
    ['services.users.settings.RATE_LIMIT=off', "additional properties 'RATE_LIMIT' not allowed"],
    ['migrate.mode=sometimes', "'/migrate/mode'"],
    ['image.digest=latest', "'/image/digest'"],
  ])('%s', (set, sentence) => {
    expect(refusal(set)).toContain(sentence);
  });

  test('and those that can are not', () => {
    expect(refusal('migrate.mode=start')).toBe('nothing');
  });
});

(isThere('helm') ? test : test.skip)(
  'the archive runs one at a time, and keeps its files in the claim',
  () => {
    const objects = parseObjects(template('--values', valuesFile('everything')));
    const job = ofKind(objects, 'CronJob').find(({ metadata }) => metadata.name.endsWith('-archive'));
    expect(job).toMatchObject({ spec: { schedule: '@daily', concurrencyPolicy: 'Forbid' } });
    const pod = podsOf(objects).find(({ owner }) => owner === job);
    const [container] = pod?.spec.containers ?? [];
    const claim = container?.volumeMounts?.find(({ name }) => name === 'archive');
    expect(container?.command?.slice(-2)).toEqual(['archive', claim?.mountPath]);
    expect(pod?.spec.volumes).toContainEqual({
      name: 'archive',
      persistentVolumeClaim: { claimName: 'archive' },
    });
    const settings = ofKind(objects, 'ConfigMap').find(
      ({ metadata }) => metadata.name === job?.metadata.name,
    );
    expect(settings).toMatchObject({ data: { RETAIN_ORDERS_DAYS: '90' } });
    const [orders] = podsOf(objects).filter(({ spec }) => spec.containers[0]?.name === 'orders');
    expect(environmentOf(objects, orders?.spec.containers[0] as Container)['RETAIN_ORDERS_DAYS']).toBe('90');
    expect(ofKind(parseObjects(template('--values', valuesFile('minimal'))), 'CronJob')).toHaveLength(1);
  },
);

(isThere('helm') ? test : test.skip)('the rules of the alerts are those of deploy/observability', () => {
  const [rule] = ofKind(parseObjects(template('--values', valuesFile('everything'))), 'PrometheusRule');
  const names = JSON.stringify(rule).match(/"alert":/g);
  expect(names?.length).toBeGreaterThan(20);
});
