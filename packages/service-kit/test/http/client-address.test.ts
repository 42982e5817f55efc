import { expect, test } from '@jest/globals';
import { addressKey, isAddressRange } from '../../src/index.ts';

test.each([
  ['10.0.0.1', '10.0.0.1'],
  ['::ffff:10.0.0.1', '10.0.0.1'],
  ['::FFFF:a00:1', '10.0.0.1'],
  ['10.0.0.1:4711', '10.0.0.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8:1:2::', '2001:db8:1:2::/64'],
  ['[2001:db8:1:2::9]:4711', '2001:db8:1:2::/64'],
  ['[2001:db8:1:2::9]', '2001:db8:1:2::/64'],
  ['2001:db8:1:3::', '2001:db8:1:3::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['unknown', 'unknown'],
  ['10.1', 'unknown'],
  ['[[::1]]:1', 'unknown'],
  ['x'.repeat(10_000), 'unknown'],
  [undefined, 'unknown'],
])('%s is counted as %s', (address, key) => {
  expect(addressKey(address)).toBe(key);
});

test.each(['10.0.0.1', '10.0.0.0/8', '::1', 'fd00::/8', '::ffff:10.0.0.0/104'])(
  '%s may be proxies',
  (range) => {
    expect(isAddressRange(range)).toBe(true);
  },
);

test.each([
  '',
  '10.0.0.0/0',
  '::/0',
  '10.0.0.0/33',
  '10.0.0.0/',
  '10.0.0.0/x',
  'harness.example',
  'loopback',
  '*',
  '10.0.0.1 ',
])('%j cannot be proxies', (range) => {
  expect(isAddressRange(range)).toBe(false);
});
