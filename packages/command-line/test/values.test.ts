import { expect, test } from '@jest/globals';
import { urlOf, UsageError, wholeNumberOf } from '../src/index.ts';

test.each([
  ['0', 0],
  ['64', 64],
  ['4294967295', 4_294_967_295],
])('%j is a whole number', (text, value) => {
  expect(wholeNumberOf('seeds', text, 0, 4_294_967_295)).toBe(value);
});

test.each(['0', '101', '-1', '1.5', '1e1', '0x10', ' 5', '', 'ten', '99999999999999999999'])(
  '%j is no whole number from 1 to 100',
  (text) => {
    const read = () => wholeNumberOf('seeds', text, 1, 100);
    expect(read).toThrow(UsageError);
    expect(read).toThrow(`--seeds must be a whole number from 1 to 100, not ${JSON.stringify(text)}`);
  },
);

test.each([
  ['http://127.0.0.1:3000/', 'http://127.0.0.1:3000'],
  ['https://shop.example.com/api?x=1', 'https://shop.example.com'],
])('of %j the server is taken', (text, origin) => {
  expect(urlOf(text)).toBe(origin);
});

test.each(['localhost:3000', 'shop', 'ftp://shop', 'http://', ''])('%j is no URL to ask', (text) => {
  expect(() => urlOf(text)).toThrow(UsageError);
  expect(() => urlOf(text)).toThrow(
    `--url must be a URL that starts with http:// or https://, not ${JSON.stringify(text)}`,
  );
});
