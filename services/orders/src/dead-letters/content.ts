import { isUtf8 } from 'node:buffer';
import type { LetterContent } from '@order-pipeline/contracts';
import type { RawMessage } from '@order-pipeline/messaging';

/** Headers as they are stored: each with its bytes in base64; one that stands more than once is there as often. */
export type StoredHeaders = readonly (readonly [name: string, base64: string | null])[];

type Headers = NonNullable<RawMessage['headers']>;
type HeaderValue = Exclude<Headers[string], undefined>;

const base64Of = (value: Buffer | string | null): string | null =>
  value === null ? null : Buffer.from(value).toString('base64');

export const storedHeaders = (headers: Headers = {}): StoredHeaders =>
  Object.entries(headers).flatMap(([name, value = null]) =>
    // kafkajs hands on headers without a value, which its types leave out.
    (Array.isArray(value) ? value : [value]).map((one) => [name, base64Of(one)] as const),
  );

/** The headers as they came. */
export const headersOf = (stored: StoredHeaders): Headers => {
  const headers = new Map<string, HeaderValue>();
  for (const [name, base64] of stored) {
    const value = Buffer.from(base64 ?? '', 'base64');
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : [before, value].flat());
  }
  return Object.fromEntries(headers);
};

const jsonIn = (text: string): { readonly json?: unknown } => {
  try {
    return { json: JSON.parse(text) as unknown };
  } catch {
    return {};
  }
};

/** Bytes for people: text where they are text. */
export const contentOf = (bytes: Uint8Array | null): LetterContent => {
  if (bytes === null) return null;
  const buffer = Buffer.from(bytes);
  return isUtf8(buffer) ? { text: buffer.toString('utf8') } : { base64: buffer.toString('base64') };
};

/** The same, with what it says where it is JSON. */
export const valueOf = (bytes: Uint8Array | null): LetterContent => {
  const content = contentOf(bytes);
  return content && 'text' in content ? { ...content, ...jsonIn(content.text) } : content;
};

export const headersForPeople = (stored: StoredHeaders) =>
  stored.map(([name, base64]) => ({
    name,
    value: contentOf(base64 === null ? null : Buffer.from(base64, 'base64')),
  }));
