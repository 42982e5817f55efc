import { expect, test } from '@jest/globals';
import { cursorIn } from '../src/index.ts';

const SIZE = 1_048_576;
const MAX_CPU_MS = 20;
/** A collection of garbage is not the search's doing: what is slow is slow each time. */
const MAX_TRIES = 20;

const cpuMs = (work: () => void): number => {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
};

/** The least that the header takes, as soon as it is within the limit. */
const leastCpuMs = (link: string): number => {
  let least = Infinity;
  for (let tries = 0; tries < MAX_TRIES && least > MAX_CPU_MS; tries += 1)
    least = Math.min(
      least,
      cpuMs(() => cursorIn(link)),
    );
  return least;
};

test('the cursor of the next page is found, wherever its link stands', () => {
  expect(cursorIn('</api/orders?limit=2&cursor=1z>; rel="next"')).toBe('1z');
  expect(cursorIn('</api/orders>; rel="first", </api/orders?cursor=b>;rel=next')).toBe('b');
  expect(cursorIn('<<</api/orders?cursor=b>; rel="next"')).toBe('b');
  expect(cursorIn('</api/orders?cursor=a>; rel="prev"')).toBeUndefined();
  expect(cursorIn('</api/orders>; rel="next"')).toBeUndefined();
  expect(cursorIn(undefined)).toBeUndefined();
});

const UNITS = ['<', '<>', '<>;', '<>; ', '>', ';', ' ', '<a', '<a>;', '\t', '?', '<?cursor=', '&', '%'];

test.each(UNITS)('1 MB of %j in a Link header takes 20 ms of CPU at the most', (unit) => {
  const text = unit.repeat(SIZE / unit.length);
  for (const link of [text, `<${text}`, `<>;${text}`, `<${text}>; rel="next"`, `<>${text}; rel="next"`]) {
    // What is quadratic takes long with less: 1 MB would take it a quarter of an hour.
    expect(leastCpuMs(link.slice(0, SIZE / 64))).toBeLessThan(MAX_CPU_MS);
    expect(leastCpuMs(link)).toBeLessThan(MAX_CPU_MS);
  }
});
