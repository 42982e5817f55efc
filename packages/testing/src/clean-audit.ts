import { assertClean, auditSystem, type AuditOptions } from '@order-pipeline/audit';
import { createRuntime } from '@order-pipeline/service-kit';

/**
 * Audits what is named, with the limits of a system at its default settings where no others are given.
 *
 * @throws Error with every violation, when there is one
 */
export const expectCleanAudit = async (
  options: Omit<AuditOptions, 'runtime'> & Pick<Partial<AuditOptions>, 'runtime'>,
): Promise<void> => assertClean(await auditSystem({ runtime: createRuntime(), ...options }));
