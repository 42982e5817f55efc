import { expect, test } from '@jest/globals';
import { parseOptions } from '../src/options.ts';

test('where nothing is named, the orders are measured on the embedded parts', () => {
  expect(parseOptions([])).toEqual({ benchmark: 'orders', quick: false });
  expect(parseOptions(['--', '--quick'])).toEqual({ benchmark: 'orders', quick: true });
});

test.each([
  [['--docker'], 'orders-docker'],
  [['orders', '--docker'], 'orders-docker'],
  [['--profile'], 'profile'],
  [['features'], 'features'],
  [['waiting'], 'waiting'],
  [['cost'], 'cost'],
  [['instances'], 'instances'],
  [['soak'], 'soak'],
  [['memory-kafka'], 'memory-kafka'],
  [['hot-items'], 'hot-items'],
  [['against', 'HEAD~1'], 'against'],
])('%j measures %s', (args, benchmark) => {
  expect(parseOptions(args)).toMatchObject({ benchmark });
});

test.each([
  [
    ['order'],
    'There is no benchmark order, only orders, features, waiting, cost, instances, soak, memory-kafka, hot-items, against.',
  ],
  [['soak', 'orders'], 'One benchmark is measured at a time.'],
  [['against'], 'Say which commit to compare with: npx -y pnpm bench against <commit>'],
  [['against', 'main', 'orders'], 'One benchmark is measured at a time.'],
  [['soak', '--docker'], '--docker and --profile are for the orders benchmark.'],
  [['--docker', '--profile'], '--profile is for the embedded parts, not for --docker.'],
])('%j is refused in a sentence', (args, sentence) => {
  expect(() => parseOptions(args)).toThrow(sentence);
});

test('what is compared with is reported', () => {
  expect(parseOptions(['against', 'v1.0', '--quick'])).toEqual({
    benchmark: 'against',
    commit: 'v1.0',
    quick: true,
  });
});

test('an option that there is not is named', () => {
  expect(() => parseOptions(['--fast'])).toThrow("unknown option '--fast'");
});

test('help is asked for whatever else is', () => {
  expect(parseOptions(['soak', '--help'])).toBe('help');
});
