import { ask, isDecided, type Shop } from './shop.ts';

/** An operator redrives every dead letter below the limit, whatever has become of its cause. */
export const redriveAll = async (shop: Shop): Promise<void> => {
  const request = {
    method: 'POST',
    path: '/ops/dead-letters/redrive',
    body: { filter: {}, by: 'operator' },
  } as const;
  const answer = await ask(shop, request);
  if (isDecided(answer) && answer.status !== 200)
    shop.findings.add('an operator can send dead letters back', ['operator'], String(answer.status));
};
