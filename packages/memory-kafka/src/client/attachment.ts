import type { Core } from '../broker/core.ts';
import { ANONYMOUS, type Principal } from '../broker/acls.ts';
import type { SaslSession } from '../broker/sasl.ts';
import { connectionClosed, toError } from '../errors.ts';
import { sharing } from '../turns.ts';
import type { LoggedIn, Login } from './login.ts';
import type { Network } from './network.ts';

/** The address of every client in the process, as that of a client at the same machine. */
const HOST = '127.0.0.1';

const principalOf = (user = ANONYMOUS): Principal => ({ name: `User:${user}`, host: HOST });

/** Opens one, and answers what closes it. Throws KafkaJSConnectionError. */
const openConnection = (to: Core, network: Network): (() => void) => {
  try {
    const close = to.gate.connect();
    network.connected(to.clock);
    return close;
  } catch (error) {
    network.refused(toError(error));
    throw error;
  }
};

/**
 * A connection to a cluster that is known, with the login that was made on it: it breaks when the cluster's epoch moves on.
 */
export const createAttachment = (network: Network, logIn: Login) => {
  let epoch: number | undefined;
  let session: SaslSession | undefined;
  let login: LoggedIn | undefined;
  let principal = principalOf(undefined);
  let close = (): void => undefined;
  const isAttached = (to: Core | undefined): boolean => to !== undefined && epoch === to.gate.epoch();
  const open = (to: Core): void => {
    close();
    close = openConnection(to, network);
  };
  const end = (): void => {
    epoch = undefined;
    close();
  };
  const logInOn = async (to: Core, on: SaslSession, opened: number): Promise<void> => {
    try {
      login = await logIn(to, on);
    } catch (error) {
      end();
      throw error;
    }
    principal = principalOf(login.user);
    epoch = opened;
  };
  /** For all who ask meanwhile. */
  const renew = sharing(async (to: Core) => {
    if (session !== undefined && isAttached(to)) await logInOn(to, session, to.gate.epoch());
  });

  return {
    isAttached,
    principal: (): Principal => principal,
    /** Where a login is asked for, and there was none in time, the broker hangs up. Throws KafkaJSConnectionClosedError. */
    checkLogin: (to: Core): void => {
      if (to.sasl === undefined || (login?.user !== undefined && session?.isExpired() === false)) return;
      end();
      const { host, port } = to.address();
      throw connectionClosed(host, port);
    },
    /** Undefined if that was all; otherwise resolves when the client has logged in. */
    attach: (to: Core): Promise<void> | undefined => {
      open(to);
      const opened = to.gate.epoch();
      if (to.sasl === undefined) {
        epoch = opened;
        return undefined;
      }
      session = to.sasl.openSession();
      return logInOn(to, session, opened);
    },
    /** Logs in again, on the connection that there is, where that is due; undefined where it is not. */
    renewLogin: (to: Core): Promise<void> | undefined =>
      login !== undefined && to.clock.monotonic() >= login.dueAt ? renew(to) : undefined,
    detach: (from: Core | undefined): void => {
      if (isAttached(from)) network.disconnected();
      end();
    },
  };
};
