import { access } from 'node:fs/promises';
import process from 'node:process';
import { eventually } from '@order-pipeline/testing';
import { request } from 'undici';
import type { TreeSpan } from '../system/trace-tree.ts';

const IMAGES_LIMIT_MS = 20 * 60_000;

interface Reference {
  readonly refType: 'CHILD_OF' | 'FOLLOWS_FROM';
  readonly traceID: string;
  readonly spanID: string;
}

/** A trace as Jaeger's query API answers it. */
interface Answered {
  readonly traceID: string;
  readonly spans: readonly {
    readonly traceID: string;
    readonly spanID: string;
    readonly operationName: string;
    readonly references: readonly Reference[];
    readonly processID: string;
    readonly tags: readonly { readonly key: string; readonly value: unknown }[];
  }[];
  readonly processes: Readonly<Record<string, { readonly serviceName: string }>>;
}

export interface JaegerSpan extends TreeSpan {
  readonly traceId: string;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** What Jaeger is asked. */
export interface Jaeger {
  services(): Promise<string[]>;
  /** The traces of a service with spans that have these attributes. */
  find(service: string, tags: Readonly<Record<string, string>>): Promise<JaegerSpan[][]>;
  /** The spans of a trace; none where it is not known. */
  trace(traceId: string): Promise<JaegerSpan[]>;
}

const spansOf = ({ spans, processes }: Answered): JaegerSpan[] =>
  spans.map(({ traceID, spanID, operationName, references, processID, tags }) => {
    const attributes = Object.fromEntries(tags.map(({ key, value }) => [key, value]));
    const parent = references.find(({ refType, traceID: of }) => refType === 'CHILD_OF' && of === traceID);
    return {
      service: processes[processID]?.serviceName ?? '',
      traceId: traceID,
      spanId: spanID,
      parentId: parent?.spanID,
      name: operationName,
      attributes,
      links: references
        .filter(({ refType }) => refType === 'FOLLOWS_FROM')
        .map((link) => ({ traceId: link.traceID, spanId: link.spanID })),
      failed: attributes['error'] === true,
    };
  });

export const askJaeger = (url: string): Jaeger => {
  const read = async <T>(path: string): Promise<readonly T[]> => {
    const { statusCode, body } = await request(`${url}/api/${path}`);
    const text = await body.text();
    if (statusCode === 404) return [];
    if (statusCode !== 200) throw new Error(`${path} was answered ${statusCode}: ${text}`);
    return (JSON.parse(text) as { data: readonly T[] | null }).data ?? [];
  };
  return {
    services: async () => [...(await read<string>('services'))],
    find: async (service, tags) => {
      const query = new URLSearchParams({ service, tags: JSON.stringify(tags), limit: '20', lookback: '1h' });
      return (await read<Answered>(`traces?${query.toString()}`)).map(spansOf);
    },
    trace: async (traceId) => (await read<Answered>(`traces/${traceId}`)).flatMap(spansOf),
  };
};

/** Waits for images that are still being built, where a file is named in IMAGES_READY that appears when they are there. */
export const imagesReady = async (): Promise<void> => {
  const file = process.env['IMAGES_READY'];
  if (file) await eventually(() => access(file), { timeoutMs: IMAGES_LIMIT_MS });
};
