import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface OtlpValue {
  readonly stringValue?: string;
  readonly intValue?: number;
  readonly doubleValue?: number;
}
interface OtlpAttribute {
  readonly key: string;
  readonly value: OtlpValue;
}
interface OtlpLink {
  readonly traceId: string;
  readonly spanId: string;
}
interface OtlpSpan extends OtlpLink {
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly OtlpAttribute[];
  readonly links?: readonly OtlpLink[];
  readonly status: { readonly code?: number };
}
interface OtlpRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly OtlpAttribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

/** A span as a collector got it. */
export interface CollectedSpan {
  readonly resource: Readonly<Record<string, unknown>>;
  /** `service.name` of the resource. */
  readonly service: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | undefined;
  readonly name: string;
  /** OpenTelemetry's number: 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number;
  /** Milliseconds since the epoch. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly links: readonly OtlpLink[];
  readonly failed: boolean;
}

/** How a collector answers: takes everything; refuses with a status; never answers. */
export type CollectorMode = 'takes' | 'hangs' | number;

/** A collector of OpenTelemetry's traces, over HTTP. */
export interface Collector {
  /** What `OTEL_EXPORTER_OTLP_ENDPOINT` is set to. */
  readonly url: string;
  /** What came as JSON and was taken. */
  readonly spans: readonly CollectedSpan[];
  /** What came, taken or not. */
  readonly requests: readonly { readonly path: string; readonly type: string; readonly bytes: number }[];
  /** From now on it answers so, and also to those that it has let hang. */
  answer(mode: CollectorMode): void;
  close(): Promise<void>;
}

const plain = (attributes: readonly OtlpAttribute[]): Record<string, unknown> =>
  Object.fromEntries(
    attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue ?? value.doubleValue]),
  );

const NS_A_MS = 1e6;
const ERROR = 2;

const collected = (body: string): CollectedSpan[] =>
  (JSON.parse(body) as OtlpRequest).resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const ofResource = plain(resource.attributes);
    return scopeSpans
      .flatMap(({ spans }) => spans)
      .map((span) => ({
        resource: ofResource,
        service: String(ofResource['service.name']),
        traceId: span.traceId,
        spanId: span.spanId,
        parentId: span.parentSpanId,
        name: span.name,
        kind: span.kind,
        startMs: Number(span.startTimeUnixNano) / NS_A_MS,
        endMs: Number(span.endTimeUnixNano) / NS_A_MS,
        attributes: plain(span.attributes),
        links: span.links ?? [],
        failed: span.status.code === ERROR,
      }));
  });

const bodyOf = async (request: IncomingMessage): Promise<Buffer> => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
};

/** Starts a collector on a free port of this machine. */
export const startCollector = async (): Promise<Collector> => {
  const spans: CollectedSpan[] = [];
  const requests: { path: string; type: string; bytes: number }[] = [];
  const hanging: ServerResponse[] = [];
  let mode: CollectorMode = 'takes';
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodyOf(request);
    const type = request.headers['content-type'] ?? '';
    requests.push({ path: request.url ?? '', type, bytes: body.length });
    if (mode === 'hangs') {
      hanging.push(response);
      return;
    }
    if (mode === 'takes' && type === 'application/json') spans.push(...collected(body.toString()));
    response.writeHead(mode === 'takes' ? 200 : mode, { 'content-type': type }).end();
  };
  const server = createServer((request, response) => void take(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    requests,
    answer: (next) => {
      mode = next;
      if (next !== 'hangs')
        for (const response of hanging.splice(0)) response.writeHead(next === 'takes' ? 200 : next).end();
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
