// Gives each worker of jest the Kafka that was started for it (scripts/test/containers.ts). jest numbers workers from 1 on.
import process from 'node:process';

const kafkas = process.env.KAFKA_OF_WORKERS?.split(' ');
if (kafkas) process.env.KAFKA_BROKERS = kafkas[Number(process.env.JEST_WORKER_ID) - 1];
