import { expect } from '@jest/globals';
import type { DeadLetter, DeadLetterWithContent, LetterResult } from '@order-pipeline/contracts';
import { eventually } from '@order-pipeline/testing';
import { unique } from '../gateway.ts';
import { filters } from './lists.ts';
import { bodyOf, operator, publish, read, type Proof } from './requests.ts';

export const deadLetters = async (count: number): Promise<DeadLetter[]> => {
  const orderIds = Array.from({ length: count }, () => unique('poisoned'));
  const messages = orderIds.map((key) => ({ key, value: '{' }));
  await publish('ORDER_PROCESSING', messages);
  return Promise.all(
    orderIds.map((orderId) =>
      eventually(
        async () => {
          const [letter] = await read<DeadLetter[]>(`/ops/dead-letters?orderId=${orderId}`, operator);
          if (!letter) throw new Error(`${orderId} has no dead letter yet`);
          return letter;
        },
        { timeoutMs: 30_000 },
      ),
    ),
  );
};

export const oneLetter = async (): Promise<DeadLetter> => (await deadLetters(1))[0] as DeadLetter;
export const letterFilter = (name: string, other: string, value: (letter: DeadLetter) => string) =>
  filters<DeadLetter[]>(async () => {
    const letter = await oneLetter();
    const own = `/ops/dead-letters?limit=1000&${name}=`;
    const has = (list: DeadLetter[]) => list.some(({ letterId }) => letterId === letter.letterId);
    return { match: `${own}${encodeURIComponent(value(letter))}`, other: `${own}${other}`, has };
  });
export const twoLetters = async () => {
  await deadLetters(2);
  return '/ops/dead-letters?status=OPEN&';
};

export type Verb = 'redrive' | 'discard';
export const act = async (path: string, verb: Verb, body: object): Promise<LetterResult> =>
  bodyOf(await operator.post(`/ops/dead-letters/${path}${verb}`, { by: 'bea', note: 'a test', ...body }));
export const actionOn = async (letterId: string) =>
  (await read<DeadLetterWithContent>(`/ops/dead-letters/${letterId}`, operator)).actions.at(-1);

export const isDryRun =
  (verb: Verb, pathOf: (letter: DeadLetter) => string, bodyFor: (letter: DeadLetter) => object): Proof =>
  async () => {
    const letter = await oneLetter();
    const result = await act(pathOf(letter), verb, { ...bodyFor(letter), dryRun: true });
    expect(result).toMatchObject({ dryRun: true, letters: [{ letterId: letter.letterId, status: 'OPEN' }] });
    expect(await actionOn(letter.letterId)).toBeUndefined();
  };
export const isKept =
  (
    verb: Verb,
    pathOf: (letter: DeadLetter) => string,
    bodyFor: (letter: DeadLetter) => object,
    field: 'by' | 'note',
  ): Proof =>
  async () => {
    const letter = await oneLetter();
    const value = unique(field);
    await act(pathOf(letter), verb, { ...bodyFor(letter), [field]: value });
    expect(await actionOn(letter.letterId)).toMatchObject({ [field]: value });
  };
export const ofOne = (letter: DeadLetter) => `${letter.letterId}/`;
export const nothing = () => ({});
export const ofMany = () => '';
export const filterFor = ({ orderId }: DeadLetter) => ({ filter: { orderId } });

/** A filter of many finds the letter, and one with another value does not. */
export const choosesLetters =
  (verb: Verb, name: string, other: string): Proof =>
  async () => {
    const letter = await oneLetter();
    const value = (letter as unknown as Readonly<Record<string, string>>)[name];
    const found = async (filter: object) =>
      (await act('', verb, { filter, dryRun: true, limit: 1_000 })).letters.map(({ letterId }) => letterId);
    expect(await found({ [name]: value })).toContain(letter.letterId);
    expect(await found({ [name]: other })).not.toContain(letter.letterId);
  };
export const pagesLetters =
  (verb: Verb): Proof =>
  async () => {
    await deadLetters(2);
    const page = (more: object) => act('', verb, { filter: {}, dryRun: true, limit: 1, ...more });
    const first = await page({});
    expect(first.letters).toHaveLength(1);
    const second = await page({ cursor: first.nextCursor });
    expect(second.letters).toHaveLength(1);
    expect(second.letters[0]?.letterId).not.toBe(first.letters[0]?.letterId);
  };
export const manyProofs = (verb: Verb): Record<string, Proof> => ({
  'body.filter.topic': choosesLetters(verb, 'topic', 'ORDER_PLACED'),
  'body.filter.group': choosesLetters(verb, 'group', 'nobody'),
  'body.filter.reason': choosesLetters(verb, 'reason', 'no such reason'),
  'body.filter.orderId': choosesLetters(verb, 'orderId', 'no-such-order'),
  'body.by': isKept(verb, ofMany, filterFor, 'by'),
  'body.note': isKept(verb, ofMany, filterFor, 'note'),
  'body.dryRun': isDryRun(verb, ofMany, filterFor),
  'body.limit': pagesLetters(verb),
  'body.cursor': pagesLetters(verb),
});
