// Clients that place orders until their input ends, and then wait until each order that was acknowledged is delivered. They ask again,
// under the same id, whatever was refused for now or broken off, as any client of the API should.
//   node clients.mjs <url of the gateway> <orders a second>
import { randomBytes } from 'node:crypto';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';

const [url, rate] = [process.argv[2], Number(process.argv[3])];
const TRY_LIMIT_MS = 10_000;
const ORDER_LIMIT_MS = 120_000;
const DELIVERY_LIMIT_MS = 300_000;
const RETRY_MS = 500;
const STOCK = 1_000_000;

const unique = (name) => `${name}-${randomBytes(6).toString('hex')}`;
const found = { tries: 0, acknowledged: 0, refused: 0, connectionErrors: {}, unexpected: [], lost: [] };

const ask = async (path, body) => {
  const answer = await fetch(new URL(path, url), {
    signal: AbortSignal.timeout(TRY_LIMIT_MS),
    ...(body === undefined
      ? {}
      : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: await answer.json() };
};

/** The answer once it is none that asks to come again; nothing when the time is over. */
const askUntil = async (path, body, count, deadline) => {
  while (performance.now() < deadline) {
    if (count) found.tries += 1;
    try {
      const answer = await ask(path, body);
      if (answer.status !== 503) return answer;
      if (count) found.refused += 1;
    } catch (error) {
      const name = error.cause?.code ?? error.name;
      if (count) found.connectionErrors[name] = (found.connectionErrors[name] ?? 0) + 1;
    }
    await sleep(RETRY_MS);
  }
  return undefined;
};

const setUp = async (path, body) => {
  const answer = await askUntil(path, body, false, performance.now() + ORDER_LIMIT_MS);
  if (answer?.status !== 201) throw new Error(`${path} answered ${JSON.stringify(answer)}`);
};

const [userId, itemId] = [unique('user'), unique('item')];
await setUp('/api/users', { userId, name: 'Sriram', email: 'sriram@example.com' });
await setUp('/api/inventory', { itemId, itemName: 'Laptop', availableQty: STOCK });

const acknowledged = [];
const place = async () => {
  const orderId = unique('order');
  const order = { orderId, userId, items: [{ itemId, quantity: 1 }], status: 'PENDING' };
  const answer = await askUntil('/api/orders', { order }, true, performance.now() + ORDER_LIMIT_MS);
  if (answer?.status === 201) acknowledged.push(orderId);
  else found.unexpected.push({ orderId, answer });
};

let placing = true;
process.stdin.on('end', () => {
  placing = false;
});
process.stdin.resume();
console.log('placing');
const orders = [];
while (placing) {
  orders.push(place());
  await sleep(1_000 / rate);
}
await Promise.all(orders);
found.acknowledged = acknowledged.length;

const deadline = performance.now() + DELIVERY_LIMIT_MS;
for (const orderId of acknowledged) {
  let status;
  do {
    const answer = await askUntil(`/api/orders/${orderId}`, undefined, false, deadline);
    status = answer?.body.status ?? answer?.status;
    if (status === 'DELIVERED' || answer?.status === 404) break;
    await sleep(RETRY_MS);
  } while (performance.now() < deadline);
  if (status !== 'DELIVERED') found.lost.push({ orderId, status });
}
console.log(JSON.stringify(found));
process.exit(0);
