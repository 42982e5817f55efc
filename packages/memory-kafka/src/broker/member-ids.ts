const hex = (random: () => number, digits: number): string =>
  Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join('');

/** A new id of a group's member, as Kafka makes them: its client's id and a UUID's digits from `random` (0 to 1). */
export const createMemberId = (clientId: string, random: () => number): string =>
  `${clientId}-${[8, 4, 4, 4, 12].map((digits) => hex(random, digits)).join('-')}`;
