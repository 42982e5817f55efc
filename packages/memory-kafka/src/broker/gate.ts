import { timestampOf, type Clock } from '../clock.ts';
import { connectionClosed, connectionRefused, protocolError } from '../errors.ts';
import { refusalsFor } from './access.ts';
import type { Authorizer } from './acls.ts';
import type { BrokerAddress } from './addresses.ts';
import { NODE_ID, type Brokers } from './brokers.ts';
import { createFaultPlan } from './fault-plan.ts';
import type { RequestFaults } from './faults.ts';
import { createFlights } from './flights.ts';
import { createOpenConnections } from './open-connections.ts';
import { createPassage, type CarryOut } from './passage.ts';
import { NOTHING_REFUSED } from './refusals.ts';
import { createRequestLog, type RequestLog } from './request-log.ts';
import type { ArrivingRequest, RequestName } from './requests.ts';

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
  /** Notifies when brokers go away and come back, until it is called off. */
  onPower(switches: PowerSwitches): () => void;
  /**
   * Lets a request through to `carryOut`, unless a fault was ordered for it. What can be answered at once is: no promise is made of
   * it. Throws, or rejects with, the refusal.
   */
  pass<T>(request: ArrivingRequest, carryOut: CarryOut<T>): T | Promise<T>;
  readonly log: RequestLog;
}

/** What happens with brokers, by their ids. */
export interface PowerSwitches {
  down(nodeIds: readonly number[]): void;
  up(nodeIds: readonly number[]): void;
}

export interface GateOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly brokers: Brokers;
  readonly address: (nodeId: number) => BrokerAddress;
  /** Decides who may do what; everybody may do everything, if there is none. */
  readonly authorizer: Authorizer | undefined;
  /** Called before anybody else. */
  readonly first: PowerSwitches;
}

/** Everyone who has to know when brokers go and come; `first` is notified first. */
const createSwitches = (first: PowerSwitches) => {
  const all = new Set([first]);
  return {
    add: (added: PowerSwitches): (() => void) => {
      all.add(added);
      return () => void all.delete(added);
    },
    down: (nodeIds: readonly number[]): void => {
      for (const each of all) each.down(nodeIds);
    },
    up: (nodeIds: readonly number[]): void => {
      for (const each of all) each.up(nodeIds);
    },
  };
};

/** What only the coordinator of a group answers. */
const COORDINATED: ReadonlySet<RequestName> = new Set<RequestName>([
  'JoinGroup',
  'SyncGroup',
  'Heartbeat',
  'LeaveGroup',
  'OffsetCommit',
  'OffsetFetch',
  'TxnOffsetCommit',
  'DescribeGroups',
  'DeleteGroups',
]);

/** Where requests go: to the broker that they name, or to any that is up. */
const createDestination =
  (brokers: Brokers, refused: (nodeId: number) => Error) =>
  ({ name, nodeId, groupId }: ArrivingRequest): number => {
    const at = nodeId ?? brokers.any();
    if (!brokers.isUp(at)) throw refused(at);
    const isElsewhere = nodeId !== undefined && groupId !== undefined && COORDINATED.has(name);
    if (isElsewhere && brokers.coordinatorOf(groupId) !== nodeId) {
      throw protocolError('NOT_COORDINATOR_FOR_GROUP');
    }
    return at;
  };

/** Which brokers are meant: that one, or all of them. */
const meant = ({ ids }: Brokers, nodeId: number | undefined): readonly number[] => {
  if (nodeId === undefined) return ids;
  if (!ids.includes(nodeId)) throw new TypeError(`There is no broker ${nodeId} among ${ids.join(', ')}`);
  return [nodeId];
};

/** The gate of one cluster. */
export const createGate = ({ clock, random, brokers, address, authorizer, first }: GateOptions): Gate => {
  let epoch = 0;
  const plan = createFaultPlan(random);
  const log = createRequestLog(() => timestampOf(clock));
  const flights = createFlights();
  const connections = createOpenConnections(clock);
  const switches = createSwitches(first);
  const refused = (nodeId: number) => connectionRefused(address(nodeId).host, address(nodeId).port);
  const closed = (nodeId: number) => connectionClosed(address(nodeId).host, address(nodeId).port);
  const breakConnections = (): void => {
    epoch += 1;
    connections.breakAll();
  };

  const brokerDown = (nodeId?: number): void => {
    const going = meant(brokers, nodeId).filter(brokers.isUp);
    if (going.length === 0) return;
    const isLast = brokers.up().length === going.length;
    if (isLast) breakConnections();
    flights.breakAll(closed, going);
    switches.down(going);
  };

  const brokerUp = (nodeId?: number): void => {
    const coming = meant(brokers, nodeId).filter((each) => !brokers.isUp(each));
    if (coming.length > 0) switches.up(coming);
  };

  return {
    epoch: () => epoch,
    connect: () => {
      if (brokers.up().length === 0) throw refused(NODE_ID);
      return connections.add();
    },
    onPower: switches.add,
    pass: createPassage({
      clock,
      plan,
      flights,
      log,
      destination: createDestination(brokers, refused),
      authorize: (request) => (authorizer === undefined ? NOTHING_REFUSED : refusalsFor(authorizer, request)),
      breakConnections: () => {
        breakConnections();
        return closed(brokers.any());
      },
    }),
    log,
    faults: {
      brokerDown,
      brokerUp,
      isBrokerDown: (nodeId) => !meant(brokers, nodeId).some(brokers.isUp),
      ...plan.faults,
      clear: () => {
        plan.clear();
        brokerUp();
      },
    },
  };
};
