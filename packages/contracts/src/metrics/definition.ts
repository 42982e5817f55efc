import type { ServiceName } from '../service-names.ts';
import type { LabelKind } from './labels.ts';

export type MetricType = 'counter' | 'gauge' | 'histogram';

/** What operators may rely on of a metric. Its name ends in its unit, and a counter's in `_total`. */
export interface MetricDefinition {
  readonly type: MetricType;
  /** One sentence. */
  readonly help: string;
  /** What it counts or measures in. */
  readonly unit: string;
  /** Its labels beside `service`, each with the kind of its values. */
  readonly labels: Readonly<Record<string, LabelKind>>;
  /** The services that report it. */
  readonly services: 'all' | readonly ServiceName[];
  /**
   * `instance`: what this instance did or has; add the instances up. `global`: what all instances share, and each of them
   * reports: take the maximum.
   */
  readonly scope: 'instance' | 'global';
  /** The upper bounds of a histogram's buckets. */
  readonly buckets?: readonly number[];
}
