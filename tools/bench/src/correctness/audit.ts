import type { AuditReport, CheckName } from '@order-pipeline/audit';
import { FLAWLESS, type Correctness } from './correctness.ts';

/** What it means for an order when a check of the audit finds something. */
const MEANING: Readonly<Record<CheckName, Exclude<keyof Correctness, 'refusedWrongly'>>> = {
  stock: 'oversold',
  reservations: 'oversold',
  cancellations: 'doubled',
  abandoned: 'oversold',
  archive: 'lost',
  histories: 'doubled',
  counts: 'doubled',
  users: 'lost',
  progress: 'lost',
  outbox: 'lost',
  events: 'doubled',
  'dead letters': 'lost',
};

/** The violations that an audit found, by what they mean. */
export const correctnessOf = ({ checks }: Pick<AuditReport, 'checks'>): Correctness => {
  const found = { ...FLAWLESS };
  for (const { name, violations } of checks)
    for (const { count } of violations) found[MEANING[name]] += count;
  return found;
};
