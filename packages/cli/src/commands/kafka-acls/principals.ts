import { InvalidArgumentError } from '@commander-js/extra-typings';
import { KAFKA_USERS, type KafkaUser } from '@order-pipeline/contracts';

/** The principal of each user, as Kafka knows it. */
export type Principals = Readonly<Record<KafkaUser, string>>;

/** What a user is called by SASL, where it has its own name. */
export const DEFAULT_PRINCIPALS = Object.fromEntries(
  KAFKA_USERS.map((user) => [user, `User:${user}`]),
) as Principals;

/** A type and a name without what a shell would read, even between quotes. */
const GIVEN = /^([a-z-]+)=([A-Za-z]+:[^\s'\\*][^'\\\n]{0,254})$/;

/** Reads `shipping=User:CN=shipping`, beside those that were given before. */
export const principalOf = (text: string, before: Principals): Principals => {
  const [, user = '', principal = ''] = GIVEN.exec(text) ?? [];
  if (!(KAFKA_USERS as readonly string[]).includes(user))
    throw new InvalidArgumentError(
      `It must be a user and its principal, such as shipping=User:CN=shipping, and the users are ${KAFKA_USERS.join(', ')}.`,
    );
  return { ...before, [user]: principal };
};
