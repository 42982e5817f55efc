/**
 * Takes every step in turn, those after one that fails as well: what a test checks at its end must not keep it from
 * closing what it opened, or jest never ends.
 *
 * @throws what was thrown first
 */
export const inTurn = async (...steps: readonly (() => unknown)[]): Promise<void> => {
  const failures: unknown[] = [];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
};
