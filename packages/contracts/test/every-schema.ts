import * as contracts from '../src/index.ts';
import { Calls, EVENT_SCHEMAS, type Operation } from '../src/index.ts';

/** Every operation that any service answers, by its name: those of each `…Api` of this package. */
export const EVERY_OPERATION: Readonly<Record<string, Operation>> = Object.assign(
  {},
  ...Object.entries(contracts).flatMap(([name, api]) => (name.endsWith('Api') ? [api] : [])),
) as Record<string, Operation>;

/** A schema, or a part of one. */
export type Node = Readonly<Record<string, unknown>>;

/** Every schema that something from outside is held to, by its place. */
export const EVERY_INPUT: Readonly<Record<string, Node>> = {
  ...Object.fromEntries(
    Object.entries(EVERY_OPERATION).flatMap(([name, operation]) =>
      (['params', 'query', 'headers', 'body'] as const).flatMap((part) => {
        const schema = operation[part];
        return schema ? [[`${name}.${part}`, schema as unknown as Node] as const] : [];
      }),
    ),
  ),
  ...Object.fromEntries(
    Object.entries(EVENT_SCHEMAS).map(([topic, schema]) => [topic, schema as unknown as Node]),
  ),
  calls: Calls as unknown as Node,
};

/** A schema with all that it is made of. */
export function* partsOf(node: unknown): Generator<Node> {
  if (typeof node !== 'object' || node === null) return;
  if (!Array.isArray(node)) yield node as Node;
  for (const part of Object.values(node)) yield* partsOf(part);
}
