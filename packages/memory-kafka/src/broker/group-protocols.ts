import type { JoinRequest, Member } from './group-types.ts';

const namesOf = (member: Member): string[] => member.request.protocols.map((protocol) => protocol.name);

/** What the member said of itself, in the words of `protocol`. */
export const metadataOf = (member: Member, protocol: string): Buffer =>
  member.request.protocols.find(({ name }) => name === protocol)?.metadata ?? Buffer.alloc(0);

/** The protocols that everyone speaks, in the order of the first member. */
export const commonProtocols = (members: readonly Member[]): string[] => {
  const [first, ...others] = members;
  return first ? namesOf(first).filter((name) => others.every((other) => namesOf(other).includes(name))) : [];
};

/** Of the protocols that everyone speaks, the one that most members prefer. */
export const electProtocol = (members: readonly Member[]): string => {
  const common = commonProtocols(members);
  const votes = members.map((member) => namesOf(member).find((name) => common.includes(name)));
  const votesFor = (name: string): number => votes.filter((vote) => vote === name).length;
  return common.toSorted((a, b) => votesFor(b) - votesFor(a))[0] ?? '';
};

/** Whether a member that joins again says the same as before. */
export const sameProtocols = (a: JoinRequest, b: JoinRequest): boolean =>
  a.protocols.length === b.protocols.length &&
  a.protocols.every(
    (protocol, i) =>
      protocol.name === b.protocols[i]?.name && protocol.metadata.equals(b.protocols[i].metadata),
  );
