import type { Clock } from '../clock.ts';
import { createDeferred } from '../deferred.ts';
import { connectionClosed, connectionRefused, protocolError, toError } from '../errors.ts';
import { createFaultPlan, type Fault } from './fault-plan.ts';
import type { Api, RequestFaults } from './faults.ts';

/** What stands between the clients and the broker. */
export interface Gate {
  readonly faults: RequestFaults;
  /** Changes whenever connections break, so that clients know theirs is gone. */
  epoch(): number;
  /**
   * Opens a connection, which keeps the process alive until it breaks or is closed by what this returns. Throws
   * KafkaJSConnectionError when nobody listens.
   */
  connect(): () => void;
  /** Tells when the broker goes away and comes back, until it is called off. */
  onPower(switches: PowerSwitches): () => void;
  /** Lets a request through to `carryOut`, unless a fault was ordered for it. */
  pass<T>(api: Api, carryOut: () => T | Promise<T>): Promise<T>;
}

/** What happens with the broker. */
export interface PowerSwitches {
  down(): void;
  up(): void;
}

export interface GateOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly address: () => { host: string; port: number };
  readonly onDown: () => void;
  readonly onUp: () => void;
}

/** The requests in flight, which all fail when connections break. */
const createFlights = () => {
  const inFlight = new Set<(error: Error) => void>();
  return {
    breakAll: (error: Error): void => {
      for (const reject of inFlight) reject(error);
      inFlight.clear();
    },
    guard: async <T>(answer: Promise<T>): Promise<T> => {
      const broken = createDeferred<never>();
      inFlight.add(broken.reject);
      try {
        return await Promise.race([answer, broken.promise]);
      } finally {
        inFlight.delete(broken.reject);
      }
    },
  };
};

/** The connections that are open, which hold the process as sockets do. */
const createOpenConnections = (clock: Clock) => {
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

/** Everyone who has to know when the broker goes and comes; `first` hears it first. */
const createSwitches = (first: PowerSwitches) => {
  const all = new Set([first]);
  return {
    add: (added: PowerSwitches): (() => void) => {
      all.add(added);
      return () => void all.delete(added);
    },
    down: (): void => {
      for (const each of all) each.down();
    },
    up: (): void => {
      for (const each of all) each.up();
    },
  };
};

/** The gate of one cluster. */
export const createGate = ({ clock, random, address, onDown, onUp }: GateOptions): Gate => {
  let isDown = false;
  let epoch = 0;
  const plan = createFaultPlan(random);
  const flights = createFlights();
  const connections = createOpenConnections(clock);
  const switches = createSwitches({ down: onDown, up: onUp });
  const refused = () => connectionRefused(address().host, address().port);
  const closed = () => connectionClosed(address().host, address().port);
  const breakConnections = (): void => {
    epoch += 1;
    connections.breakAll();
  };
  const wait = (ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve));

  const passWithFaults = async <T>(faults: readonly Fault[], carryOut: () => T | Promise<T>): Promise<T> => {
    for (const fault of faults) if (fault.kind === 'delay') await flights.guard(wait(fault.ms));
    for (const fault of faults) if (fault.kind === 'refuse') throw protocolError(fault.type);
    const answer = await flights.guard(Promise.resolve(carryOut()));
    if (!faults.some((fault) => fault.kind === 'lose')) return answer;
    breakConnections();
    throw closed();
  };

  const pass = <T>(api: Api, carryOut: () => T | Promise<T>): Promise<T> => {
    if (isDown) return Promise.reject(refused());
    const faults = plan.take(api);
    if (faults.length > 0) return passWithFaults(faults, carryOut);
    try {
      const answer = carryOut();
      return answer instanceof Promise ? flights.guard(answer) : Promise.resolve(answer);
    } catch (error) {
      return Promise.reject(toError(error));
    }
  };

  const brokerDown = (): void => {
    if (isDown) return;
    isDown = true;
    breakConnections();
    flights.breakAll(closed());
    switches.down();
  };

  const brokerUp = (): void => {
    if (!isDown) return;
    isDown = false;
    switches.up();
  };

  return {
    epoch: () => epoch,
    connect: () => {
      if (isDown) throw refused();
      return connections.add();
    },
    onPower: switches.add,
    pass,
    faults: {
      brokerDown,
      brokerUp,
      isBrokerDown: () => isDown,
      ...plan.faults,
      clear: () => {
        plan.clear();
        brokerUp();
      },
    },
  };
};
