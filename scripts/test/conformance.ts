import type { Report } from './jest.ts';

const SIDES = ['memory-kafka', 'kafkajs on Apache Kafka', 'kafkajs on memory-kafka'];

/** The behaviours that held on a side: names of tests begin with that of their side. */
const heldOn = (side: string, names: readonly string[]): Set<string> =>
  new Set(names.filter((name) => name.startsWith(`${side} `)).map((name) => name.slice(side.length + 1)));

/** Prints how many behaviours held on each side, and answers how many did not hold on all of them. */
export const conformanceGap = ({ passedByFile }: Report): number => {
  const names = [...passedByFile.values()].flat();
  const sides = SIDES.map((side) => ({ side, held: heldOn(side, names) }));
  for (const { side, held } of sides) console.log(`conformance of ${side}: ${held.size} behaviours hold`);
  const all = new Set(sides.flatMap(({ held }) => [...held]));
  const gap = [...all].filter((name) => !sides.every(({ held }) => held.has(name)));
  for (const name of gap) console.log(`does not hold on every side: ${name}`);
  return gap.length;
};
