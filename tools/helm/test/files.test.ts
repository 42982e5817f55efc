import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { SERVICE_NAMES } from '@order-pipeline/contracts';
import { parse } from 'yaml';
import { createFiles, FOLDER } from '../src/files.ts';

test('the chart holds what the program writes: run `npx -y pnpm chart`', async () => {
  for (const [name, content] of await createFiles())
    expect([name, await readFile(new URL(name, FOLDER), 'utf8')]).toEqual([name, content]);
});

test('values.yaml has each service, and no other', async () => {
  const { services } = parse(await readFile(new URL('values.yaml', FOLDER), 'utf8')) as {
    readonly services: Readonly<Record<string, unknown>>;
  };
  expect(Object.keys(services)).toEqual(SERVICE_NAMES);
});

test('its rules are those of deploy/observability', async () => {
  const rules = new URL('../../observability/prometheus/rules.yml', FOLDER);
  expect(await readFile(new URL('files/rules.yml', FOLDER), 'utf8')).toBe(await readFile(rules, 'utf8'));
});
