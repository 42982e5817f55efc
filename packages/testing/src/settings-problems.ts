import { SettingsError } from '@order-pipeline/service-kit';

/**
 * What is wrong with the settings that are read, a line a problem; none where they are right.
 *
 * @param read fails with a SettingsError if they are not; whatever else it throws is thrown on
 */
export const settingsProblems = (read: () => unknown): readonly string[] => {
  try {
    read();
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
};
