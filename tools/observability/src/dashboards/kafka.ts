import { stat, type Dashboard } from './panel.ts';

export const KAFKA: Dashboard = {
  uid: 'order-pipeline-kafka',
  title: 'Order pipeline / Kafka',
  rows: [
    {
      title: 'Broker',
      panels: [
        { title: 'Reachable', kind: 'stat', queries: [{ expr: 'max(kafka_up)' }] },
        stat('Partitions', 'sum(max by (topic) (kafka_topic_partitions))'),
        stat('Under-replicated', 'sum(max by (topic) (kafka_topic_under_replicated_partitions))'),
        stat('Without a leader', 'sum(max by (topic) (kafka_topic_offline_partitions))'),
      ],
    },
    {
      title: 'Topics and groups',
      panels: [
        {
          title: 'Messages published a second',
          unit: 'ops',
          queries: [
            { expr: 'sum by (topic) (rate(events_published_total[$__rate_interval]))', legend: '{{topic}}' },
          ],
        },
        {
          title: 'Consumer lag',
          queries: [{ expr: 'sum by (group, topic) (kafka_consumer_lag)', legend: '{{group}} {{topic}}' }],
        },
        {
          title: 'Lag of the partition that is furthest behind',
          queries: [{ expr: 'max by (group, topic) (kafka_consumer_lag)', legend: '{{group}} {{topic}}' }],
        },
        {
          title: 'Messages processed together, mean',
          queries: [
            {
              expr: 'sum by (group) (rate(kafka_consumer_batch_messages_sum[$__rate_interval])) / sum by (group) (rate(kafka_consumer_batch_messages_count[$__rate_interval]))',
              legend: '{{group}}',
            },
          ],
        },
        {
          title: 'Messages in the buffer of the workflow',
          queries: [{ expr: 'sum by (instance) (workflow_buffer_messages)', legend: '{{instance}}' }],
        },
        {
          title: 'Events published again, a second',
          unit: 'ops',
          queries: [
            {
              expr: 'sum by (status) (rate(orders_republished_total[$__rate_interval]))',
              legend: '{{status}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Dead letters',
      panels: [
        {
          title: 'Waiting for an operator',
          queries: [{ expr: 'max by (topic, group) (dead_letters_open)', legend: '{{topic}} {{group}}' }],
        },
        {
          title: 'New ones in ten minutes',
          queries: [
            {
              expr: 'sum by (topic, group) (increase(dead_letters_total[10m]))',
              legend: '{{topic}} {{group}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Outbox',
      panels: [
        { title: 'Events that wait', queries: [{ expr: 'max(outbox_depth)', legend: 'events' }] },
        { title: 'Oldest', unit: 's', queries: [{ expr: 'max(outbox_oldest_age_seconds)', legend: 'age' }] },
      ],
    },
  ],
};
