import type { Scope } from '@order-pipeline/contracts';
import { CliError } from '@order-pipeline/cli/kit';
import { MAX_TOKEN_LIFE_S, readDevKey, signDevToken } from '@order-pipeline/dev-issuer';
import { createRuntime } from '@order-pipeline/service-kit';

/** Signs tokens of the development issuer of a system. */
export type SignToken = (userId: string, ...scopes: Scope[]) => Promise<string>;

/** @param dataDir of a system that runs its development issuer */
export const openSigning = async (dataDir: string): Promise<SignToken> => {
  const key = await readDevKey(dataDir);
  if (!key) throw new CliError(`The system in ${dataDir} runs no development issuer.`);
  const runtime = createRuntime();
  return (userId, ...scopes) => signDevToken(key, { userId, scopes, lifeS: MAX_TOKEN_LIFE_S }, runtime);
};

/** A token of each user, with which they may order. */
export const signForAll = async (
  sign: SignToken,
  userIds: readonly string[],
): Promise<ReadonlyMap<string, string>> => {
  const tokens = await Promise.all(userIds.map((userId) => sign(userId, 'orders:write')));
  return new Map(userIds.map((userId, index) => [userId, tokens[index] ?? '']));
};
