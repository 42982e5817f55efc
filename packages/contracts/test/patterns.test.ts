import { expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { PATTERN_RULES } from '../src/index.ts';
import { EVERY_INPUT, EVERY_OPERATION, partsOf, type Node } from './every-schema.ts';

const SIZE = 1_048_576;
const MAX_CPU_MS = 20;

/** One of each kind of character: those of the classes in our patterns, and those beside them. */
const CHARACTERS = Array.from(
  '\u0000\n !"-./:@_01AZafz~\u007f\u0085\u00a0é\u0300\u0378\u094d\u06dd\u1160\u200b' +
    '\u200c\u200d\u202e\u3000李\ud800\ue000\ufe0f😀\u{e0041}',
);

const ajv = new Ajv({ strict: false });
addFormats.default(ajv, ['date-time', 'email']);

const nodes = [
  ...Object.values(EVERY_INPUT),
  ...Object.values(EVERY_OPERATION).map(({ reply }) => reply),
].flatMap((schema) => [...partsOf(schema)]);
const textsOf = (keyword: 'pattern' | 'format'): string[] => [
  ...new Set(nodes.flatMap(({ [keyword]: text }) => (typeof text === 'string' ? [text] : []))),
];
const examplesOf = (keyword: string, text: string): string[] =>
  nodes
    .filter((node) => node[keyword] === text)
    .flatMap(({ examples }: Node) => (Array.isArray(examples) ? (examples as string[]) : []));

const cpuMs = (work: () => void): number => {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
};

/** A collection of garbage, which other threads do meanwhile, is not the pattern's doing: what is slow is slow each time. */
const MAX_TRIES = 20;

/** The least that the work takes, as soon as it is within the limit. */
const leastCpuMs = (work: () => void): number => {
  let least = Infinity;
  for (let tries = 0; tries < MAX_TRIES && least > MAX_CPU_MS; tries += 1)
    least = Math.min(least, cpuMs(work));
  return least;
};

const inputs = CHARACTERS.flatMap((character) => [character, `a${character}`]).flatMap((unit) => {
  const text = unit.repeat(SIZE / unit.length);
  return ['\u0000', ' '].map((end) => ({ name: JSON.stringify(`${unit}…${end}`), text: text + end }));
});

/** The input that takes longest, of repeats of every kind of character with one at the end that is refused. */
const slowest = (accepts: (text: string) => unknown, example: string) => {
  // A pattern that is not linear is found by less: 1 MB would take it a quarter of an hour.
  for (const { name, text } of inputs) {
    const ms = leastCpuMs(() => accepts(text.slice(0, SIZE / 64) + text.slice(-1)));
    if (ms > MAX_CPU_MS) return { ms, name };
  }
  // Compiled once it has been used.
  for (const { text } of inputs.slice(0, 20)) accepts(text);
  let worst = { ms: 0, name: '' };
  for (const { name, text } of inputs) {
    for (const whole of [text, example + text]) {
      const ms = leastCpuMs(() => accepts(whole));
      if (ms > worst.ms) worst = { ms, name };
    }
  }
  return worst;
};

test('the patterns of all schemas are found, and each has its rule in words', () => {
  const patterns = textsOf('pattern');
  expect(patterns.length).toBeGreaterThan(5);
  expect(patterns.filter((pattern) => PATTERN_RULES[pattern] === undefined)).toEqual([]);
  expect(Object.keys(PATTERN_RULES).filter((pattern) => !patterns.includes(pattern))).toEqual([]);
});

test.each(textsOf('pattern'))('1 MB is held to the pattern %s within 20 ms of CPU', (pattern) => {
  const compiled = new RegExp(pattern, 'u');
  const worst = slowest((text) => compiled.test(text), examplesOf('pattern', pattern)[0] ?? '');
  expect(worst.ms > MAX_CPU_MS ? worst : undefined).toBeUndefined();
});

test.each(textsOf('format'))('1 MB is held to the format %s within 20 ms of CPU', (format) => {
  // As in the schemas, where a limit to its length comes first.
  const lengths = nodes.filter((node) => node['format'] === format).map(({ maxLength }) => Number(maxLength));
  const check = ajv.compile({ type: 'string', format, maxLength: Math.max(...lengths) });
  const worst = slowest(check, examplesOf('format', format)[0] ?? '');
  expect(worst.ms > MAX_CPU_MS ? worst : undefined).toBeUndefined();
});

test('a quadratic pattern is found by these inputs', () => {
  const quadratic = /^[^!]*[^! ][^!]*$/u;
  expect(cpuMs(() => quadratic.test('a'.repeat(20_000) + '!'))).toBeGreaterThan(MAX_CPU_MS);
});
