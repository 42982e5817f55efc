import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { defineService, milliseconds, parseSettings } from '../src/index.ts';

const needs = { name: 'delivery', usesKafka: true, dependsOn: [], callTimeoutMs: 1_000 } as const;

test('a service that says nothing of settings reads none', () => {
  const service = defineService({ ...needs, start: async () => ({ routes: [] }) });
  expect(parseSettings(service.settings, { INTERVAL_MS: 'soon', PORT: '1' })).toEqual({});
});

test('a service has the settings that it says, in their types', () => {
  const service = defineService({
    ...needs,
    settings: z.object({ INTERVAL_MS: milliseconds(500) }),
    start: async ({ settings }) => {
      settings.INTERVAL_MS satisfies number;
      return { routes: [] };
    },
  });
  expect(parseSettings(service.settings, { PORT: '1' }).INTERVAL_MS).toBe(500);
  expect(() => parseSettings(service.settings, { INTERVAL_MS: 'soon' })).toThrow('INTERVAL_MS');
});
