import { expect, test } from '@jest/globals';
import { runOrders } from './run-orders.ts';

test('it lists what each user of Kafka needs, and changes nothing', async () => {
  const { code, out, err } = await runOrders(['kafka-acls']);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/^principal +may +resource +names\n/);
  expect(out).toMatch(/^User:shipping +Read +topic +ORDER_PROCESSING$/m);
  expect(out).toMatch(/^User:audit +Read +group +audit-\*$/m);
});

test('the same as commands of kafka-acls.sh, for the principals that are given', async () => {
  const { out } = await runOrders([
    'kafka-acls',
    '--commands',
    '--principal',
    'shipping=User:CN=shipping,O=x',
  ]);
  const lines = out.trim().split('\n');
  expect(lines).toContain(
    'kafka-acls.sh --bootstrap-server "$KAFKA_BROKERS" --command-config admin.properties --add --force ' +
      "--allow-principal 'User:CN=shipping,O=x' --operation Read --resource-pattern-type literal --group shipping",
  );
  expect(lines.at(-1)).toMatch(/--resource-pattern-type prefixed --group audit-$/);
  expect(lines.filter((line) => line.includes("'User:shipping'"))).toEqual([]);
});

test('as JSON every grant names its principal', async () => {
  const { out } = await runOrders(['kafka-acls', '--json']);
  expect(JSON.parse(out)).toContainEqual({
    principal: 'User:delivery',
    user: 'delivery',
    operations: ['Read'],
    resource: 'topic',
    pattern: 'literal',
    names: ['ORDER_SHIPPED'],
  });
});

test.each([
  [
    ['--principal', 'billing=User:billing'],
    'the users are orders, inventory, workflow, shipping, delivery, audit.',
  ],
  [['--principal', "orders=User:o'; rm -rf"], 'It must be a user and its principal'],
  [['--principal', 'orders=orders'], 'It must be a user and its principal'],
  [['--apply', '--commands'], "option '--commands' cannot be used with option '--apply'"],
  [['--apply'], 'KAFKA_BROKERS must be set'],
])('%j is refused, with 2', async (args, sentence) => {
  const { code, out, err } = await runOrders(['kafka-acls', ...args]);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain(sentence);
});

test('what stands in the settings of a login is never printed', async () => {
  const { code, err } = await runOrders(['kafka-acls', '--apply'], {
    KAFKA_BROKERS: '127.0.0.1:1',
    KAFKA_SASL_MECHANISM: 'plain',
    KAFKA_SASL_USERNAME: 'admin',
    KAFKA_SASL_PASSWORD: 'S3cret',
  });
  expect(code).toBe(2);
  expect(err).toContain('KAFKA_SSL must be on where KAFKA_SASL_MECHANISM is plain');
  expect(err).not.toContain('S3cret');
});
