import { timestampOf, type Clock } from '../clock.ts';
import { connectionClosed, connectionRefused } from '../errors.ts';
import { createFaultPlan } from './fault-plan.ts';
import type { RequestFaults } from './faults.ts';
import { createFlights } from './flights.ts';
import { createOpenConnections } from './open-connections.ts';
import { createPassage, type CarryOut } from './passage.ts';
import { createRequestLog, type RequestLog } from './request-log.ts';
import type { ArrivingRequest } from './requests.ts';

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
  pass<T>(request: ArrivingRequest, carryOut: CarryOut<T>): Promise<T>;
  readonly log: RequestLog;
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
  const log = createRequestLog(() => timestampOf(clock));
  const flights = createFlights();
  const connections = createOpenConnections(clock);
  const switches = createSwitches({ down: onDown, up: onUp });
  const refused = () => connectionRefused(address().host, address().port);
  const closed = () => connectionClosed(address().host, address().port);
  const breakConnections = (): void => {
    epoch += 1;
    connections.breakAll();
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
    pass: createPassage({
      clock,
      plan,
      flights,
      log,
      unreachable: () => (isDown ? refused() : undefined),
      breakConnections: () => {
        breakConnections();
        return closed();
      },
    }),
    log,
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
