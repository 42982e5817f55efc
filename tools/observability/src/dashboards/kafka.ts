import { graph, stat, type Dashboard } from './panel.ts';

export const KAFKA: Dashboard = {
  uid: 'order-pipeline-kafka',
  title: 'Order pipeline / Kafka',
  rows: [
    {
      title: 'Broker',
      panels: [
        stat('Reachable', 'max(kafka_up)'),
        stat('Partitions', 'sum(max by (topic) (kafka_topic_partitions))'),
        stat('Under-replicated', 'sum(max by (topic) (kafka_topic_under_replicated_partitions))'),
        stat('Without a leader', 'sum(max by (topic) (kafka_topic_offline_partitions))'),
      ],
    },
    {
      title: 'Topics and groups',
      panels: [
        graph(
          'Messages published a second',
          'sum by (topic) (rate(events_published_total[$__rate_interval]))',
          '{{topic}}',
          { unit: 'ops' },
        ),
        graph('Consumer lag', 'sum by (group, topic) (kafka_consumer_lag)', '{{group}} {{topic}}'),
        graph(
          'Lag of the partition that is furthest behind',
          'max by (group, topic) (kafka_consumer_lag)',
          '{{group}} {{topic}}',
        ),
        graph(
          'Messages processed together, mean',
          'sum by (group) (rate(kafka_consumer_batch_messages_sum[$__rate_interval])) / sum by (group) (rate(kafka_consumer_batch_messages_count[$__rate_interval]))',
          '{{group}}',
        ),
        graph(
          'Messages in the buffer of the workflow',
          'sum by (instance) (workflow_buffer_messages)',
          '{{instance}}',
        ),
        graph(
          'Events published again, a second',
          'sum by (status) (rate(orders_republished_total[$__rate_interval]))',
          '{{status}}',
          { unit: 'ops' },
        ),
      ],
    },
    {
      title: 'Dead letters',
      panels: [
        graph('Waiting for an operator', 'max by (topic, group) (dead_letters_open)', '{{topic}} {{group}}'),
        graph(
          'New ones in ten minutes',
          'sum by (topic, group) (increase(dead_letters_total[10m]))',
          '{{topic}} {{group}}',
        ),
      ],
    },
    {
      title: 'Outbox',
      panels: [
        graph('Events that wait', 'max(outbox_depth)', 'events'),
        graph('Oldest', 'max(outbox_oldest_age_seconds)', 'age', { unit: 's' }),
      ],
    },
  ],
};
