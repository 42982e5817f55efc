/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  injectGlobals: false,
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'node-addons'] },
  testMatch: ['**/test/**/*.test.ts'],
  modulePathIgnorePatterns: ['<rootDir>/.data', '<rootDir>/packages/memory-kafka/dist'],
  testTimeout: 30_000,
  setupFiles: ['<rootDir>/scripts/test/kafka-of-worker.mjs'],
  runtime: '<rootDir>/scripts/test/runtime.cjs',
  testSequencer: '<rootDir>/scripts/test/longest-first.mjs',
  // Modules of a file's own realm are kept when it is done: a worker of 4 GB collects garbage and does little else.
  workerIdleMemoryLimit: '700MB',
};
