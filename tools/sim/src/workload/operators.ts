import { ask, isDecided, type WorkloadContext } from './context.ts';

/** An operator redrives every dead letter below the limit, whatever has become of its cause. */
export const redriveAll = async (context: WorkloadContext): Promise<void> => {
  const request = {
    method: 'POST',
    path: '/ops/dead-letters/redrive',
    body: { filter: {}, by: 'operator' },
    who: 'operator',
  } as const;
  const answer = await ask(context, request);
  if (isDecided(answer) && answer.status !== 200)
    context.findings.add('an operator can redrive dead letters', ['operator'], String(answer.status));
};
