import { expect, test } from '@jest/globals';
import { Kafka, type Link } from '../src/index.ts';
import { FAST_RETRY, inTimedWorld, listen } from './support.ts';

test(
  'a client that is cut off is evicted when its session is over, and another one continues',
  inTimedWorld(async (world, clock) => {
    let isCut = false;
    const orNever = () => (isCut ? new Promise<never>(() => undefined) : undefined);
    const link: Link = async (request) => {
      await orNever();
      const answer = await request();
      await orNever();
      return answer;
    };
    const cut = new Kafka({ brokers: ['cut:9092'], cluster: world.cluster, link, retry: FAST_RETRY });
    const first = await listen(world, 'cut', { consumer: cut.consumer({ groupId: 'group' }) });
    await world.send('cut', 'before');
    await clock.settle();
    isCut = true;
    const joining = listen(world, 'cut');
    await world.send('cut', 'after');
    await clock.advance(29_000);
    expect(world.cluster.inspect().groups[0]?.members).toHaveLength(2);
    await clock.advance(60_000);
    const second = await joining;
    expect([first.values(), second.values()]).toEqual([['before'], ['after']]);
    expect(world.cluster.inspect().groups[0]?.members).toHaveLength(1);
  }),
);
