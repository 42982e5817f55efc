import type { Clock } from '../clock.ts';

/** The connections that are open, which hold the process as sockets do. */
export const createOpenConnections = (clock: Clock) => {
  const open = new Set<object>();
  let letGo: (() => void) | undefined;
  const update = (): void => {
    if (open.size > 0) letGo ??= clock.hold?.();
    else {
      letGo?.();
      letGo = undefined;
    }
  };
  return {
    add: (): (() => void) => {
      const connection = {};
      open.add(connection);
      update();
      return () => {
        open.delete(connection);
        update();
      };
    },
    breakAll: (): void => {
      open.clear();
      update();
    },
  };
};
