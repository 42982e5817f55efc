import { Type } from 'typebox';
import { defineOperation } from './operation.ts';
import { Count, Strict, Timestamp } from './schemas.ts';

/** One invariant, and what came of it. */
const AuditCheck = Strict({
  name: Type.String({ examples: ['stock'] }),
  invariant: Type.String({ description: 'What has to be so' }),
  checked: Count('How many of `unit` were looked at'),
  unit: Type.String({ description: 'What was looked at; empty if nothing was' }),
  violations: Type.Array(
    Strict({
      problem: Type.String(),
      count: Count('How often it was found'),
      examples: Type.Array(Strict({ id: Type.String(), detail: Type.Optional(Type.String()) }), {
        description: 'The first of them',
      }),
    }),
  ),
  notes: Type.Array(Type.String(), { description: 'What is worth knowing and no violation' }),
  notChecked: Type.Optional(Type.String({ description: 'Why it, or a part of it, could not be looked at' })),
});
export type AuditCheck = Type.Static<typeof AuditCheck>;

export const AUDIT_STATES = ['NONE', 'RUNNING', 'CLEAN', 'VIOLATIONS', 'NOT_MADE'] as const;

/** The last audit. */
export const Audit = Strict({
  state: Type.Enum([...AUDIT_STATES], {
    type: 'string',
    description: 'NONE: none was asked for; NOT_MADE: something prevented it',
  }),
  sentence: Type.Optional(Type.String({ description: 'What came of it, as the command line says it' })),
  exitCode: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 2, description: 'What `orders audit` would end with' }),
  ),
  part: Type.Optional(Type.String({ description: 'What is being checked' })),
  startedAt: Type.Optional(Timestamp('When it began')),
  tookMs: Type.Optional(Count('How long it took, in milliseconds')),
  checks: Type.Optional(Type.Array(AuditCheck, { description: 'What was checked, with counts' })),
});
export type Audit = Type.Static<typeof Audit>;

const exampleReply: Audit = {
  state: 'CLEAN',
  sentence: 'No violation was found.',
  exitCode: 0,
  startedAt: '2026-01-01T12:00:00.000Z',
  tookMs: 420,
  checks: [
    {
      name: 'users',
      invariant: 'the user of every order exists',
      checked: 48_415,
      unit: 'orders',
      violations: [],
      notes: [],
    },
  ],
};

const answer = { owner: 'api-gateway', status: 200, reply: Audit, errors: [], exampleReply } as const;

/** The audit of a system that runs in one process as a whole. Elsewhere the command line makes it, where it reaches the databases. */
export const auditApi = {
  getAudit: defineOperation({
    ...answer,
    method: 'GET',
    path: '/ops/audit',
    access: { kind: 'scope', scope: 'ops:read' },
    idempotent: true,
    summary: 'Retrieve the last audit',
    description: 'Or how far the one is that is being made.',
  }),
  startAudit: defineOperation({
    ...answer,
    method: 'POST',
    path: '/ops/audit',
    access: { kind: 'scope', scope: 'ops:write' },
    idempotent: true,
    summary: 'Start an audit',
    description: 'It only reads. One is made at a time: while one is, it is the one that is answered.',
  }),
} as const;
