import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/** In which form a message goes over the wire. */
export interface Form {
  readonly version: number;
  /** Lengths take as few bytes as they need, and every struct ends with tagged fields. */
  readonly flexible: boolean;
}

/** How one kind of value is written and read. As methods, so that the codec of a narrower type fits where any does. */
export interface Codec<T> {
  read(reader: Reader, form: Form): T;
  write(writer: Writer, value: T, form: Form): void;
}

/** What a codec is for. */
export type Decoded<C> = C extends Codec<infer T> ? T : never;

type Fields = Readonly<Record<string, Codec<unknown>>>;

const codec = <T>(read: Codec<T>['read'], write: Codec<T>['write']): Codec<T> => ({ read, write });

export const int8 = codec<number>(
  (r) => r.int8(),
  (w, value) => w.int8(value),
);
export const int16 = codec<number>(
  (r) => r.int16(),
  (w, value) => w.int16(value),
);
export const int32 = codec<number>(
  (r) => r.int32(),
  (w, value) => w.int32(value),
);
export const int64 = codec<number>(
  (r) => r.int64(),
  (w, value) => w.int64(value),
);
export const bool = codec<boolean>(
  (r) => r.int8() !== 0,
  (w, value) => w.int8(value ? 1 : 0),
);

const UUID_BYTES = 16;

/** 16 bytes. */
export const uuid = codec<Buffer>(
  (r) => Buffer.from(r.bytes(UUID_BYTES)),
  (w, value) => w.bytes(value),
);

/** Where there is no topic id. */
export const NO_UUID = Buffer.alloc(UUID_BYTES);

// A flexible length counts one more, so that 0 can stand for null.
const readLength = (r: Reader, { flexible }: Form, plain: () => number): number =>
  flexible ? r.uvarint() - 1 : plain();

const writeLength = (w: Writer, length: number, { flexible }: Form, plain: (length: number) => void): void =>
  flexible ? w.uvarint(length + 1) : plain(length);

const NULL = -1;

export const nullableString = codec<string | null>(
  (r, form) => {
    const length = readLength(r, form, r.int16);
    return length < 0 ? null : r.bytes(length).toString();
  },
  (w, value, form) => {
    writeLength(w, value === null ? NULL : Buffer.byteLength(value), form, w.int16);
    if (value !== null) w.text(value);
  },
);

export const nullableBytes = codec<Buffer | null>(
  (r, form) => {
    const length = readLength(r, form, r.int32);
    return length < 0 ? null : r.bytes(length);
  },
  (w, value, form) => {
    writeLength(w, value?.length ?? NULL, form, w.int32);
    if (value !== null) w.bytes(value);
  },
);

/** Another value in the place of null. */
const orElse = <T>(inner: Codec<T | null>, empty: () => T): Codec<T> =>
  codec(
    (r, form) => inner.read(r, form) ?? empty(),
    (w, value, form) => inner.write(w, value, form),
  );

/** Null is read as ''. */
export const string = orElse(nullableString, () => '');
/** Null is read as no bytes. */
export const bytes = orElse(nullableBytes, () => Buffer.alloc(0));

export const nullableArray = <T>(element: Codec<T>): Codec<readonly T[] | null> =>
  codec(
    (r, form) => {
      const length = readLength(r, form, r.int32);
      if (length > r.left()) throw new RangeError('The bytes end too early');
      return length < 0 ? null : Array.from({ length }, () => element.read(r, form));
    },
    (w, value, form) => {
      writeLength(w, value?.length ?? NULL, form, w.int32);
      for (const each of value ?? []) element.write(w, each, form);
    },
  );

/** Null is read as []. */
export const array = <T>(element: Codec<T>): Codec<readonly T[]> => orElse(nullableArray(element), () => []);

/** A field that is there in some versions only; in the others it is `fallback`. `to` is the last version that has it. */
export const within = <T>(from: number, to: number, inner: Codec<T>, fallback: T): Codec<T> => {
  const has = ({ version }: Form): boolean => version >= from && version <= to;
  return codec(
    (r, form) => (has(form) ? inner.read(r, form) : fallback),
    (w, value, form) => {
      if (has(form)) inner.write(w, value, form);
    },
  );
};

/** A field that came with version `from`. */
export const since = <T>(from: number, inner: Codec<T>, fallback: T): Codec<T> =>
  within(from, Infinity, inner, fallback);

/** A field whose last version was `to`. */
export const until = <T>(to: number, inner: Codec<T>, fallback: T): Codec<T> =>
  within(0, to, inner, fallback);

/** Reads over fields that a later client or broker has added. */
export const skipTags = (r: Reader): void => {
  for (let tags = r.uvarint(); tags > 0; tags -= 1) {
    r.uvarint();
    r.bytes(r.uvarint());
  }
};

/** Fields, one after the other. */
export const struct = <F extends Fields>(fields: F): Codec<{ readonly [K in keyof F]: Decoded<F[K]> }> => {
  type Value = { readonly [K in keyof F]: Decoded<F[K]> };
  const entries = Object.entries(fields);
  return codec<Value>(
    (r, form) => {
      const value = Object.fromEntries(entries.map(([name, field]) => [name, field.read(r, form)]));
      if (form.flexible) skipTags(r);
      return value as Value;
    },
    (w, value, form) => {
      for (const [name, field] of entries) field.write(w, value[name], form);
      if (form.flexible) w.uvarint(0);
    },
  );
};
