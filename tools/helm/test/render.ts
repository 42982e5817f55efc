import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';

const CHART = fileURLToPath(new URL('../../../deploy/helm/order-pipeline', import.meta.url));
const EXAMPLE = fileURLToPath(new URL('../../../deploy/helm/examples/values.yaml', import.meta.url));
const VALUES = fileURLToPath(new URL('values/', import.meta.url));

/** An object of Kubernetes, as far as it is looked at. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: Record<string, unknown>;
  readonly data?: Readonly<Record<string, string>>;
}

/** Whether a program is there. */
export const isThere = (program: string): boolean =>
  spawnSync(program, ['--help'], { stdio: 'ignore' }).error === undefined;

/** The names of the files of values that everything is held to. */
export const VALUES_FILES: readonly string[] = [
  ...readdirSync(VALUES).map((file) => file.replace(/\.yaml$/, '')),
  'example',
];

export const valuesFile = (name: string): string => (name === 'example' ? EXAMPLE : `${VALUES}${name}.yaml`);

/** What `helm template` writes. @throws Error with what helm says when it refuses */
export const template = (...options: readonly string[]): string =>
  execFileSync('helm', ['template', 'shop', CHART, '--namespace', 'shops', ...options], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
  });

export const parseObjects = (text: string): KubernetesObject[] =>
  parseAllDocuments(text, { version: '1.1' })
    .map((document) => {
      const [error] = document.errors;
      if (error) throw error;
      return document.toJSON() as KubernetesObject | null;
    })
    .filter((object) => object !== null);

const rendered = new Map<string, { readonly text: string; readonly objects: readonly KubernetesObject[] }>();

/** What the chart makes of a file of values; rendered once. */
export const render = (name: string) => {
  const known = rendered.get(name);
  if (known) return known;
  const text = template('--values', valuesFile(name));
  const fresh = { text, objects: parseObjects(text) };
  rendered.set(name, fresh);
  return fresh;
};
