import { expect, test } from '@jest/globals';
import { InvalidArgumentError, serverUrl, wholeNumber } from '../../src/kit/index.ts';

test.each([
  ['0', 0],
  ['64', 64],
  ['4294967295', 4_294_967_295],
])('%j is a whole number', (text, value) => {
  expect(wholeNumber(0, 4_294_967_295)(text)).toBe(value);
});

test.each(['0', '101', '-1', '1.5', '1e1', '0x10', ' 5', '', 'ten', '99999999999999999999'])(
  '%j is no whole number from 1 to 100',
  (text) => {
    const read = () => wholeNumber(1, 100)(text);
    expect(read).toThrow(InvalidArgumentError);
    expect(read).toThrow('It must be a whole number from 1 to 100.');
  },
);

test.each([
  ['http://127.0.0.1:3000/', 'http://127.0.0.1:3000'],
  ['https://shop.example.com/api?x=1', 'https://shop.example.com'],
])('of %j the server is taken', (text, origin) => {
  expect(serverUrl(text)).toBe(origin);
});

test.each(['localhost:3000', 'shop', 'ftp://shop', 'http://', ''])('%j is no URL to ask', (text) => {
  expect(() => serverUrl(text)).toThrow(InvalidArgumentError);
  expect(() => serverUrl(text)).toThrow('It must be a URL that starts with http:// or https://.');
});
