import process from 'node:process';
import { PrismaPg } from '@prisma/adapter-pg';
import { createApp } from './app.ts';
import { connectProducer } from './broker.ts';
import { PrismaClient } from './generated/client.ts';

// The plain build: the placing of orders as most teams would write it, in one service on one database: a transaction an
// order and a message an order. The benchmark measures beside it. PORT (0: any that is free), DATABASE_URL, KAFKA_BROKERS (unset: in
// memory). It prints where it is.

const { PORT, DATABASE_URL, KAFKA_BROKERS } = process.env;

const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: DATABASE_URL }) });
const producer = await connectProducer(KAFKA_BROKERS);
const app = createApp(prisma, producer);
console.log(await app.listen({ port: Number(PORT), host: '127.0.0.1' }));

const stop = async (): Promise<void> => {
  await app.close();
  await producer.disconnect();
  await prisma.$disconnect();
  process.exit(0);
};
for (const reason of ['SIGINT', 'SIGTERM', 'disconnect'] as const) process.once(reason, () => void stop());
