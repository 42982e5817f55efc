import { Command, Option } from '@commander-js/extra-typings';
import { KAFKA_GRANTS } from '@order-pipeline/contracts';
import type { Cli } from '../../kit/cli.ts';
import { report } from '../../kit/outcome.ts';
import { DEFAULT_PRINCIPALS, principalOf, type Principals } from './principals.ts';
import { aclCommands, aclTable } from './render.ts';

const ALSO = `
Without an option the command prints what each user of Kafka needs, and changes nothing. --apply reaches the Kafka of
KAFKA_BROKERS with the other KAFKA_* settings, as a user that may alter the cluster and create topics; it makes the topics
that are missing, since no service may, and creates the ACLs. Run again it changes nothing; it deletes nothing.`;

const dataOf = (principals: Principals) =>
  KAFKA_GRANTS.map((grant) => ({ principal: principals[grant.user], ...grant }));

/** `kafka-acls`: what each user of Kafka may do, by the table of the order lifecycle. */
export const createKafkaAclsCommand = (cli: Cli) =>
  new Command('kafka-acls')
    .description('List what each user of Kafka needs, or create the ACLs and the topics')
    .option('--apply', 'create the topics and the ACLs', false)
    .addOption(
      new Option('--commands', 'print commands of kafka-acls.sh instead of a table')
        .conflicts(['apply', 'json'])
        .default(false),
    )
    .addOption(
      new Option('--principal <user=principal>', 'the principal of a user; may be repeated')
        .default(DEFAULT_PRINCIPALS, 'User:<user>')
        .argParser(principalOf),
    )
    .option('--json', 'JSON instead of text', false)
    .addHelpText('after', ALSO)
    .action(async ({ apply, commands, principal: principals, json }) => {
      const data = dataOf(principals);
      if (!apply) return report(cli, json, { text: (commands ? aclCommands : aclTable)(principals), data });
      // Loaded here: the other commands do without Kafka.
      const { applyAcls } = await import('./apply.ts');
      const count = await applyAcls(cli.environment, principals, cli.onClose);
      await report(cli, json, {
        text: `Created the topics and ${count} ACLs, as far as they were missing`,
        data,
      });
    });
