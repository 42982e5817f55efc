import { IncomingMessage } from 'node:http';
import type { FastifyRequest, RawRequestDefaultExpression } from 'fastify';
import type { Trace } from '../trace.ts';
import type { Span } from '../tracing/index.ts';

/** Which trace a request belongs to, and its span where that is recorded. */
export interface EnteredTrace {
  readonly trace: Trace;
  readonly span?: Span | undefined;
}

/**
 * A request with the fields that we give it there from the start: one that gets them later has another shape than Node made it
 * with, and is slower to read wherever it is read.
 */
export class OwnRequest extends IncomingMessage {
  /** The target as it came; Fastify sets it. */
  originalUrl: string | undefined = undefined;
  entered: EnteredTrace | undefined = undefined;
}

/** What has the fields of `OwnRequest`, or gets them: requests that tests inject are of another class. */
export type RequestFields = RawRequestDefaultExpression &
  Partial<Pick<OwnRequest, 'originalUrl' | 'entered'>>;

/** The target of a request as it came. */
export const targetOf = ({ raw }: Pick<FastifyRequest, 'raw'>): string =>
  (raw as RequestFields).originalUrl ?? raw.url ?? '';
