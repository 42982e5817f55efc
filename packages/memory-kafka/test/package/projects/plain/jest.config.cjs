const here = { rootDir: __dirname, transform: {} };
const memoryKafka = '@order-pipeline/memory-kafka';

module.exports = {
  projects: [
    {
      ...here,
      displayName: 'moduleNameMapper',
      testMatch: ['<rootDir>/jest/by-name.test.*js'],
      moduleNameMapper: { '^kafkajs$': memoryKafka },
    },
    {
      ...here,
      displayName: 'moduleNameMapper without anchors',
      testMatch: ['<rootDir>/jest/by-name.test.cjs'],
      moduleNameMapper: { kafkajs: memoryKafka },
    },
    { ...here, displayName: 'jest.mock', testMatch: ['<rootDir>/jest/mocked.test.*js'] },
  ],
};
