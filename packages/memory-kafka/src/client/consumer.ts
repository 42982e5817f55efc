import type { Consumer, TopicPartitionOffsetAndMetadata } from 'kafkajs';
import { nonRetriable } from '../errors.ts';
import {
  checkedMetadata,
  checkedOffset,
  checkPauseTargets,
  NOT_RUNNING,
  subscribedTopics,
} from './consumer-checks.ts';
import { CONSUMER_EVENTS } from './consumer-events.ts';
import { createLifecycle, type ConsumerParts, type Running } from './consumer-lifecycle.ts';
import { describeGroups } from './describe-groups.ts';
import type { OffsetsToCommit } from './group-offsets.ts';
import { findingCoordinator } from './find-coordinator.ts';
import { visibleTopics, type ClusterView } from './metadata.ts';

const groupByTopic = (offsets: readonly TopicPartitionOffsetAndMetadata[]): OffsetsToCommit => {
  const topics = new Map<string, { partition: number; offset: string; metadata: string | null }[]>();
  for (const each of offsets) {
    const offset = String(checkedOffset(each, false));
    const entry = { partition: each.partition, offset, metadata: checkedMetadata(each.metadata) };
    topics.set(each.topic, [...(topics.get(each.topic) ?? []), entry]);
  }
  return { topics: [...topics].map(([topic, partitions]) => ({ topic, partitions })) };
};

const isName = (wanted: string | RegExp): wanted is string => typeof wanted === 'string';

/** The topics that there are, by name, among what is wanted. */
const resolvePatterns = async (
  view: ClusterView,
  wanted: readonly (string | RegExp)[],
): Promise<string[]> => {
  const existing = await view.request('Metadata', visibleTopics);
  return wanted.flatMap((each) => (isName(each) ? [each] : existing.filter((name) => each.test(name))));
};

type PositionCalls = Pick<Consumer, 'commitOffsets' | 'seek' | 'pause' | 'resume' | 'paused'>;

/** The calls that need a consumer whose `run()` has been called. */
const createPositionCalls = (running: () => Running | undefined): PositionCalls => {
  const runningNow = (): Running => {
    const found = running();
    if (found === undefined) throw nonRetriable(NOT_RUNNING);
    return found;
  };
  return {
    commitOffsets: async (offsets) => {
      const grouped = groupByTopic(offsets ?? []);
      await runningNow().runner.commitOffsets(grouped);
    },
    seek: (target) => {
      const offset = checkedOffset(target, true);
      runningNow().session.seek(target.topic, target.partition, offset);
    },
    pause: (targets) => {
      checkPauseTargets(targets ?? [], 'pause');
      runningNow().session.pause(targets ?? []);
    },
    resume: (targets) => {
      checkPauseTargets(targets ?? [], 'resume');
      runningNow().session.resume(targets ?? []);
    },
    paused: () => running()?.session.paused() ?? [],
  };
};

/** Builds the consumer that kafkajs's `kafka.consumer()` would. */
export const createConsumer = (parts: ConsumerParts): Consumer => {
  const { view, emitter, logger, groupId } = parts;
  const topics = new Map<string, boolean>();
  const life = createLifecycle(parts, topics);

  return {
    connect: async () => {
      await view.connection.connect();
      emitter.emit(CONSUMER_EVENTS.CONNECT);
    },
    disconnect: life.disconnect,
    stop: life.stop,
    subscribe: async (subscription) => {
      if (life.running() !== undefined) {
        throw nonRetriable('Cannot subscribe to topic while consumer is running');
      }
      const { fromBeginning = false } = subscription;
      const wanted = subscribedTopics(subscription);
      // Names count at once, as with kafkajs: for a `run()` that does not wait for this.
      const found = wanted.every(isName) ? wanted : await resolvePatterns(view, wanted);
      for (const topic of found) topics.set(topic, fromBeginning);
      await view.target(found);
    },
    run: async (config) => {
      if (life.running() === undefined) return life.start(config ?? {});
      logger.warn('consumer#run was called, but the consumer is already running', { groupId });
    },
    describeGroup: async () => {
      const [described] = await findingCoordinator(view, [{ groupId }], () =>
        view.request({ name: 'DescribeGroups', groupId }, (core, refused) =>
          describeGroups(core, [groupId], refused),
        ),
      );
      if (described === undefined) throw nonRetriable(`Group ${groupId} was not described`);
      return described;
    },
    ...createPositionCalls(life.running),
    on: emitter.on,
    events: CONSUMER_EVENTS,
    logger: () => logger,
  };
};
