import { randomUUID } from 'node:crypto';
import type { AdminPort, Broker } from '@order-pipeline/service-kit';

/**
 * The broker, with consumer groups of its own: on a real Kafka that tests share, a group of one name would share its
 * messages out among them.
 */
export const withOwnGroups = (broker: Broker): Broker => {
  const prefix = `${randomUUID()}-`;
  const adminOf = (admin: AdminPort): AdminPort => ({
    ...admin,
    fetchOffsets: (options) => admin.fetchOffsets({ ...options, groupId: prefix + options.groupId }),
    describeGroups: (groupIds) => admin.describeGroups(groupIds.map((groupId) => prefix + groupId)),
  });
  return {
    ...broker,
    connect: (clientId) => {
      const kafka = broker.connect(clientId);
      return {
        producer: (config) => kafka.producer(config),
        consumer: (config) => kafka.consumer({ ...config, groupId: prefix + config.groupId }),
        admin: () => adminOf(kafka.admin()),
      };
    },
  };
};
