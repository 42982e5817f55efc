// A NestJS service and its client, as a compiler leaves their decorators: kafkajs is loaded from inside node_modules.
require('reflect-metadata');
const { Controller, Module } = require('@nestjs/common');
const { NestFactory } = require('@nestjs/core');
const { ClientKafka, MessagePattern, Transport } = require('@nestjs/microservices');
const { firstValueFrom } = require('rxjs');

class Sums {
  add([left, right]) {
    return left + right;
  }
}
const method = Object.getOwnPropertyDescriptor(Sums.prototype, 'add');
MessagePattern('sums.add')(Sums.prototype, 'add', method);
Controller()(Sums);

class App {}
Module({ controllers: [Sums] })(App);

const client = { brokers: ['localhost:9092'], logLevel: 0, retry: { retries: 0 } };

/** Resolves with the sum that the service answers, as text, over a topic for requests and one for replies. */
exports.addOverKafka = async (left, right) => {
  const service = await NestFactory.createMicroservice(App, {
    transport: Transport.KAFKA,
    options: { client, consumer: { groupId: 'sums' } },
    logger: false,
  });
  await service.listen();
  const sums = new ClientKafka({ client, consumer: { groupId: 'askers' }, producer: {} });
  sums.subscribeToResponseOf('sums.add');
  await sums.connect();
  const sum = await firstValueFrom(sums.send('sums.add', [left, right]));
  await sums.close();
  await service.close();
  return sum;
};
