import { perDatabase } from '@order-pipeline/contracts';
import type { Embedded, Runtime } from '@order-pipeline/service-kit';
import type { Infrastructure } from '../infrastructure.ts';

/** Audits all that this process holds: the embedded databases, and the broker in memory, which nobody else can read. */
export const createAudit =
  ({ broker, databaseUrl }: Infrastructure, runtime: Runtime): Embedded['audit'] =>
  async (progress, signal) => {
    // Loaded when it is asked for: a start does without it.
    const { auditSystem, endLine } = await import('@order-pipeline/audit');
    const report = await auditSystem({
      databases: perDatabase(databaseUrl),
      kafka: broker.connect('audit'),
      runtime,
      progress,
      signal,
    });
    const checks = report.checks.map(({ violations, notes, ...check }) => ({
      ...check,
      notes: [...notes],
      violations: violations.map(({ examples, ...violation }) => ({ ...violation, examples: [...examples] })),
    }));
    return { checks, sentence: endLine(report), clean: report.clean };
  };
