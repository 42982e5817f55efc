export { auditSystem, type AuditOptions } from './audit-system.ts';
export { auditGateway } from './http/audit-gateway.ts';
export { endLine } from './words.ts';
export { DEFAULT_LIMITS, type AuditLimits } from './limits.ts';
export {
  assertClean,
  INVARIANTS,
  violationLines,
  type AuditReport,
  type Check,
  type CheckName,
  type Example,
  type Violation,
} from './report.ts';
