import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { createActionsCommand } from './commands/actions.ts';
import { createArchiveCommand } from './commands/archive/command.ts';
import { createAuditCommand } from './commands/audit/command.ts';
import { createCancelCommand } from './commands/cancel.ts';
import { createCertificatesCommand } from './commands/certificates.ts';
import { createDeadLettersCommand } from './commands/dead-letters/command.ts';
import { createItemsCommand } from './commands/items.ts';
import { createKafkaAclsCommand } from './commands/kafka-acls/command.ts';
import { createListCommand } from './commands/list.ts';
import { createPlaceCommand } from './commands/place.ts';
import { createShowCommand } from './commands/show.ts';
import { createStuckCommand } from './commands/stuck.ts';
import { createTokenCommand } from './commands/token.ts';
import { createTopCommand } from './commands/top.ts';
import { createTopicsCommand } from './commands/topics/command.ts';
import { createUsersCommand } from './commands/users.ts';
import { createWatchCommand } from './commands/watch.ts';
import type { Cli } from './kit/cli.ts';

/** Every command of `orders`, in the order in which the help lists them: one file each. */
export const COMMANDS: readonly ((cli: Cli) => CommandUnknownOpts)[] = [
  createPlaceCommand,
  createShowCommand,
  createListCommand,
  createWatchCommand,
  createCancelCommand,
  createUsersCommand,
  createItemsCommand,
  createTopCommand,
  createStuckCommand,
  createDeadLettersCommand,
  createActionsCommand,
  createTokenCommand,
  createAuditCommand,
  createArchiveCommand,
  createCertificatesCommand,
  createTopicsCommand,
  createKafkaAclsCommand,
];
