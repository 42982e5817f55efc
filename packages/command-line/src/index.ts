export * from './exit-code.ts';
export * from './read-arguments.ts';
export * from './usage-error.ts';
export * from './values.ts';
