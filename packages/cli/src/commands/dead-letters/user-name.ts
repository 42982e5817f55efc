import { userInfo } from 'node:os';

/** The name of the user who runs the command; undefined where there is none, as in some containers. */
export const userName = (): string | undefined => {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
};
