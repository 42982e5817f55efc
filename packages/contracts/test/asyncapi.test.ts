import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import specs from '@asyncapi/specs';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { asyncApiDocument, EVENT_SCHEMAS, TOPIC_NAMES } from '../src/index.ts';

/** As others read it: without what only TypeBox sees in a schema. */
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

const createAjv = (options = {}): Ajv => {
  const ajv = new Ajv({ strict: false, allErrors: true, ...options });
  addFormats.default(ajv);
  return ajv;
};

test('the document in docs/ is the one that the schemas make', async () => {
  const file = await readFile(new URL('../../../docs/asyncapi.json', import.meta.url), 'utf8');
  expect(JSON.parse(file)).toEqual(asJson(asyncApiDocument()));
});

test('the document is valid AsyncAPI 3', () => {
  const { $schema: _, ...schema } = specs.schemas['3.0.0'] as Record<string, unknown>;
  // The schema of AsyncAPI brings the one of JSON Schema with it.
  const validate = createAjv({ meta: false, validateSchema: false }).compile(schema);
  validate(asJson(asyncApiDocument()));
  expect(validate.errors ?? []).toEqual([]);
});

test('the example of every topic is an event of that topic, and of no other', () => {
  const { messages } = asyncApiDocument().components;
  for (const topic of TOPIC_NAMES) {
    const example = messages[topic]?.examples[0]?.payload;
    for (const other of TOPIC_NAMES) {
      const accepts = createAjv().compile(EVENT_SCHEMAS[other])(example);
      expect([topic, other, accepts]).toEqual([topic, other, topic === other]);
    }
  }
});
