/** Carries out each, then throws the first refusal, if there is one: what is not refused is carried out. */
export const carryOutEach = <T, R>(items: readonly T[], carryOut: (item: T) => R): R[] => {
  const refusals: unknown[] = [];
  const results = items.flatMap((item) => {
    try {
      return [carryOut(item)];
    } catch (refusal) {
      refusals.push(refusal);
      return [];
    }
  });
  if (refusals.length > 0) throw refusals[0];
  return results;
};
