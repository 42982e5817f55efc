export * from './catalogue.ts';
export type { MetricDefinition, MetricType } from './definition.ts';
export { LABEL_KINDS, type LabelKind } from './labels.ts';
export { metricsPage, type ProcessMetric } from './page.ts';
