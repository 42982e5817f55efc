import type { Operation } from './operation.ts';
import type { ServiceName } from './service-names.ts';

/** The services that hand clients' requests on, and so may say for whom they ask. */
export const FORWARDING_SERVICES = ['api-gateway', 'orders-facade'] as const satisfies readonly ServiceName[];

/** The services that may ask an operation of the one that answers it. What clients may ask comes by those that forward. */
export const callersOf = ({ access }: Pick<Operation, 'access'>): readonly ServiceName[] =>
  access.kind === 'services' ? access.callers : FORWARDING_SERVICES;
