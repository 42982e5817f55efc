import { createDeferred } from '../deferred.ts';
import { protocolError } from '../errors.ts';
import type { Surroundings } from '../retry.ts';
import { commonProtocols, electProtocol, metadataOf, sameProtocols } from './group-protocols.ts';
import type {
  Group,
  GroupLimits,
  JoinAnswer,
  JoinRequest,
  Member,
  Membership,
  SyncRequest,
} from './group-types.ts';
import { createMemberId } from './member-ids.ts';

/** Time and chance from outside, and what the cluster asks of groups. */
interface Conditions extends Surroundings {
  readonly limits: GroupLimits;
}

/** The coordinator's side of one group's protocol: join, sync, heartbeat, leave. */
export interface GroupProtocolHandler {
  /** Resolves when everyone has joined. Rejects with UNKNOWN_MEMBER_ID, INCONSISTENT_GROUP_PROTOCOL. */
  join(group: Group, request: JoinRequest): Promise<JoinAnswer>;
  /** Resolves with the member's assignment when the leader has sent it. */
  sync(group: Group, request: SyncRequest): Promise<Buffer>;
  heartbeat(group: Group, membership: Membership): void;
  leave(group: Group, memberId: string): void;
  rebalance(group: Group): void;
  /** Stops all timers. */
  suspend(group: Group): void;
  /** Gives every member its whole session timeout again. */
  resume(group: Group): void;
}

/** Kafka's default of `group.max.session.timeout.ms`. */
const MAX_SESSION_TIMEOUT_MS = 1_800_000;

const nothing = (): void => undefined;

/** A group nobody has joined. */
export const createGroup = (id: string): Group => ({
  id,
  state: 'Empty',
  generation: 0,
  protocolType: '',
  protocol: '',
  leaderId: '',
  members: new Map(),
  offsets: new Map(),
  cancelRebalance: nothing,
  isGathering: false,
});

const answerFor = (group: Group, member: Member): JoinAnswer => ({
  generationId: group.generation,
  leaderId: group.leaderId,
  memberId: member.id,
  groupProtocol: group.protocol,
  members:
    member.id === group.leaderId
      ? [...group.members.values()].map((each) => ({
          memberId: each.id,
          memberMetadata: metadataOf(each, group.protocol),
        }))
      : [],
});

const memberOf = (group: Group, memberId: string): Member => {
  const member = group.members.get(memberId);
  if (member === undefined) throw protocolError('UNKNOWN_MEMBER_ID');
  return member;
};

/** Throws UNKNOWN_MEMBER_ID or ILLEGAL_GENERATION unless the member belongs to the present generation. */
export const checkMembership = (group: Group, { memberId, generationId }: Membership): Member => {
  const member = memberOf(group, memberId);
  if (generationId !== group.generation) throw protocolError('ILLEGAL_GENERATION');
  return member;
};

// Who crashed while joining stays a member until its session ends; no process has to stay for that.
const watchSession = (s: Conditions, group: Group, member: Member): void => {
  member.cancelSession();
  const { sessionTimeoutMs } = member.request;
  const check = (): void => {
    const silentFor = s.clock.monotonic() - member.lastSeen;
    // Who waits for the others cannot be blamed for its silence.
    const isWaiting = member.join !== undefined || member.sync !== undefined;
    if (silentFor < sessionTimeoutMs || isWaiting) {
      const again = Math.max(sessionTimeoutMs - silentFor, isWaiting ? sessionTimeoutMs : 1);
      member.cancelSession = s.clock.after(again, check, true);
      return;
    }
    remove(s, group, member);
  };
  member.cancelSession = s.clock.after(sessionTimeoutMs, check, true);
};

const complete = (s: Conditions, group: Group): void => {
  group.cancelRebalance();
  for (const member of group.members.values()) if (member.join === undefined) forget(group, member);
  const members = [...group.members.values()];
  if (members.length === 0) {
    group.state = 'Empty';
    group.leaderId = '';
    return;
  }
  group.generation += 1;
  group.state = 'CompletingRebalance';
  group.protocol = electProtocol(members);
  if (!group.members.has(group.leaderId)) group.leaderId = members[0]?.id ?? '';
  for (const member of members) {
    const join = member.join;
    member.join = undefined;
    member.hasSynced = false;
    member.lastSeen = s.clock.monotonic();
    watchSession(s, group, member);
    join?.resolve(answerFor(group, member));
  }
  limitSync(s, group);
};

const completeWhenAllJoined = (s: Conditions, group: Group): void => {
  if (group.state !== 'PreparingRebalance' || group.isGathering) return;
  if ([...group.members.values()].every((member) => member.join !== undefined)) complete(s, group);
};

const longestRebalanceMs = (group: Group): number =>
  Math.max(...[...group.members.values()].map((member) => member.request.rebalanceTimeoutMs));

// Who has not joined again by then is out.
const limitRebalance = (s: Conditions, group: Group): void => {
  group.cancelRebalance();
  group.cancelRebalance = s.clock.after(longestRebalanceMs(group), () => complete(s, group));
};

// And so is who has joined and not asked for its assignment by then.
const limitSync = (s: Conditions, group: Group): void => {
  const removeLate = (): void => {
    const late = [...group.members.values()].filter((member) => !member.hasSynced);
    for (const member of late) remove(s, group, member);
  };
  group.cancelRebalance = s.clock.after(longestRebalanceMs(group), removeLate, true);
};

/** Waits for more members, and again as long as some came meanwhile; at most as long as a rebalance may take. */
const gather = (s: Conditions, group: Group): void => {
  const { initialRebalanceDelayMs: delayMs } = s.limits;
  const startedAt = s.clock.monotonic();
  let seen = group.members.size;
  group.isGathering = true;
  const finish = (): void => {
    const leftMs = startedAt + longestRebalanceMs(group) - s.clock.monotonic();
    if (group.members.size > seen && leftMs > 0 && delayMs > 0) {
      seen = group.members.size;
      s.clock.after(Math.min(delayMs, leftMs), finish);
      return;
    }
    group.isGathering = false;
    completeWhenAllJoined(s, group);
  };
  // Without a delay, members that start in the same turn get into one generation.
  if (delayMs > 0) s.clock.after(delayMs, finish);
  else s.clock.soon(finish);
};

const rebalance = (s: Conditions, group: Group): void => {
  if (group.state === 'PreparingRebalance' || group.members.size === 0) return;
  const wasEmpty = group.state === 'Empty';
  const wasCompleting = group.state === 'CompletingRebalance';
  group.cancelRebalance();
  group.state = 'PreparingRebalance';
  const members = [...group.members.values()];
  for (const member of members) {
    member.sync?.reject(protocolError('REBALANCE_IN_PROGRESS'));
    member.sync = undefined;
    if (wasCompleting) member.assignment = Buffer.alloc(0);
  }
  if (wasEmpty) {
    gather(s, group);
    return;
  }
  limitRebalance(s, group);
  for (const member of members) if (member.join === undefined) member.request.onRebalance();
};

const forget = (group: Group, member: Member): void => {
  member.cancelSession();
  group.members.delete(member.id);
  member.sync?.reject(protocolError('UNKNOWN_MEMBER_ID'));
  member.join?.reject(protocolError('UNKNOWN_MEMBER_ID'));
};

const remove = (s: Conditions, group: Group, member: Member): void => {
  forget(group, member);
  if (group.members.size === 0) {
    group.cancelRebalance();
    group.generation += 1;
    group.state = 'Empty';
    group.leaderId = '';
  } else if (group.state === 'PreparingRebalance') completeWhenAllJoined(s, group);
  else rebalance(s, group);
};

const admit = (s: Conditions, group: Group, request: JoinRequest): Member => {
  const id = createMemberId(request.clientId, s.random);
  const member: Member = {
    id,
    clientId: request.clientId,
    request,
    assignment: Buffer.alloc(0),
    lastSeen: s.clock.monotonic(),
    cancelSession: nothing,
    join: undefined,
    sync: undefined,
    hasSynced: false,
  };
  const others = [...group.members.values()];
  if (commonProtocols([...others, member]).length === 0) throw protocolError('INCONSISTENT_GROUP_PROTOCOL');
  group.protocolType = 'consumer';
  group.members.set(id, member);
  watchSession(s, group, member);
  return member;
};

const join = async (s: Conditions, group: Group, request: JoinRequest): Promise<JoinAnswer> => {
  const { sessionTimeoutMs } = request;
  const isLegal =
    sessionTimeoutMs >= s.limits.minSessionTimeoutMs && sessionTimeoutMs <= MAX_SESSION_TIMEOUT_MS;
  if (!isLegal) throw protocolError('INVALID_SESSION_TIMEOUT');
  const known = request.memberId === '' ? undefined : memberOf(group, request.memberId);
  const member = known ?? admit(s, group, request);
  const unchanged = known !== undefined && sameProtocols(known.request, request);
  member.request = request;
  member.lastSeen = s.clock.monotonic();
  const isStableFollower = group.state === 'Stable' && member.id !== group.leaderId;
  if (unchanged && (isStableFollower || group.state === 'CompletingRebalance')) {
    return answerFor(group, member);
  }
  member.join ??= createDeferred<JoinAnswer>();
  const { promise } = member.join;
  if (group.state !== 'PreparingRebalance') rebalance(s, group);
  completeWhenAllJoined(s, group);
  return promise;
};

const sync = async (s: Conditions, group: Group, request: SyncRequest): Promise<Buffer> => {
  const member = checkMembership(group, request);
  member.lastSeen = s.clock.monotonic();
  if (group.state === 'PreparingRebalance') throw protocolError('REBALANCE_IN_PROGRESS');
  member.hasSynced = true;
  if (group.state === 'Stable') return member.assignment;
  if (member.id !== group.leaderId) {
    member.sync ??= createDeferred<Buffer>();
    return member.sync.promise;
  }
  const assignments = new Map(request.assignments.map((each) => [each.memberId, each.memberAssignment]));
  group.state = 'Stable';
  for (const each of group.members.values()) {
    each.assignment = assignments.get(each.id) ?? Buffer.alloc(0);
    if (each.sync !== undefined) each.lastSeen = s.clock.monotonic();
    each.sync?.resolve(each.assignment);
    each.sync = undefined;
  }
  return member.assignment;
};

const suspend = (group: Group): void => {
  group.cancelRebalance();
  for (const member of group.members.values()) member.cancelSession();
};

// Joins and syncs in flight were lost with the connections: those members will ask again.
const resume = (s: Conditions, group: Group): void => {
  for (const member of group.members.values()) {
    member.lastSeen = s.clock.monotonic();
    member.join = undefined;
    member.sync = undefined;
    watchSession(s, group, member);
  }
  if (group.state === 'PreparingRebalance') limitRebalance(s, group);
  if (group.state === 'CompletingRebalance') limitSync(s, group);
};

/** The protocol under these conditions. */
export const createGroupProtocol = (s: Conditions): GroupProtocolHandler => ({
  join: (group, request) => join(s, group, request),
  sync: (group, request) => sync(s, group, request),
  heartbeat: (group, membership) => {
    const member = checkMembership(group, membership);
    member.lastSeen = s.clock.monotonic();
    if (group.state === 'PreparingRebalance') throw protocolError('REBALANCE_IN_PROGRESS');
  },
  leave: (group, memberId) => remove(s, group, memberOf(group, memberId)),
  rebalance: (group) => rebalance(s, group),
  suspend,
  resume: (group) => resume(s, group),
});
