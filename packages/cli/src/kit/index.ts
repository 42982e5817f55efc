export { Argument, Command, InvalidArgumentError } from '@commander-js/extra-typings';
export { countOf, formatCount } from '@order-pipeline/audit/words.ts';
export * from './cli-error.ts';
export * from './exit-code.ts';
export * from './failures.ts';
export * from './run-command.ts';
export { helpOf, readArguments } from './read-arguments.ts';
export * from './values.ts';
