import type { KubernetesObject } from './render.ts';

export interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string | number };
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly command?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: unknown }[];
  readonly envFrom?: readonly { readonly configMapRef?: { readonly name: string } }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly resources?: {
    readonly requests?: Readonly<Record<string, unknown>>;
    readonly limits?: Readonly<Record<string, unknown>>;
  };
  readonly securityContext?: unknown;
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[] | null;
}

interface KeyFile {
  readonly key: string;
  readonly path: string;
}

export interface Volume {
  readonly name: string;
  readonly secret?: { readonly secretName: string; readonly items?: readonly KeyFile[] };
  readonly configMap?: { readonly name: string; readonly items?: readonly KeyFile[] };
  readonly projected?: {
    readonly sources: readonly {
      readonly secret: { readonly name: string; readonly items: readonly KeyFile[] };
    }[];
  };
}

export interface PodSpec {
  readonly serviceAccountName?: string;
  readonly automountServiceAccountToken?: boolean;
  readonly enableServiceLinks?: boolean;
  readonly terminationGracePeriodSeconds?: number;
  readonly securityContext?: unknown;
  readonly hostNetwork?: unknown;
  readonly hostPID?: unknown;
  readonly hostIPC?: unknown;
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly Volume[] | null;
}

interface PodTemplate {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: PodSpec;
}

/** A pod that some object makes. */
export interface Pod extends PodTemplate {
  readonly owner: KubernetesObject;
}

const templateOf = ({ kind, spec }: KubernetesObject): PodTemplate | undefined => {
  if (kind === 'Deployment' || kind === 'Job') return spec?.['template'] as PodTemplate;
  if (kind !== 'CronJob') return undefined;
  const job = spec?.['jobTemplate'] as { readonly spec: { readonly template: PodTemplate } };
  return job.spec.template;
};

/** The pods of a rendered chart, one for each object that makes some. */
export const podsOf = (objects: readonly KubernetesObject[]): Pod[] =>
  objects.flatMap((owner) => {
    const template = templateOf(owner);
    return template ? [{ ...template, owner }] : [];
  });

export const named = (objects: readonly KubernetesObject[], kind: string, name: string) =>
  objects.find((object) => object.kind === kind && object.metadata.name === name);

/** The environment of a container: from its ConfigMaps, and from its pod. */
export const environmentOf = (
  objects: readonly KubernetesObject[],
  { env = [], envFrom = [] }: Container,
): Record<string, string> => ({
  ...Object.assign(
    {},
    ...envFrom.map(({ configMapRef }) => named(objects, 'ConfigMap', configMapRef?.name ?? '')?.data),
  ),
  ...Object.fromEntries(env.map(({ name, value = '' }) => [name, value])),
});

/** The keys of a Secret that is mounted as a whole. */
const CERTIFICATES = ['tls.crt', 'tls.key', 'ca.crt'] as const;

/** The files that a container finds in its volumes, by their paths; a Secret's key each, or all of a Secret. */
export const filesOf = ({ volumes }: PodSpec, { volumeMounts }: Container): ReadonlyMap<string, string> =>
  new Map(
    (volumeMounts ?? []).flatMap(({ name, mountPath }) => {
      const volume = (volumes ?? []).find((candidate) => candidate.name === name);
      const items =
        volume?.projected?.sources.flatMap(({ secret }) => secret.items) ??
        volume?.secret?.items ??
        volume?.configMap?.items ??
        CERTIFICATES.map((key) => ({ key, path: key }));
      return items.map(({ key, path }) => [`${mountPath}/${path}`, key] as const);
    }),
  );
