// Archives in a process that kills itself: node --import tsx <this file> <options as JSON> <point>
import { archiveOrders, type ArchiveOptions } from '@order-pipeline/archive';
import { createRuntime } from '@order-pipeline/service-kit';

const [options = '', point] = process.argv.slice(2);
await archiveOrders({
  ...(JSON.parse(options) as Omit<ArchiveOptions, 'runtime'>),
  runtime: {
    ...createRuntime(),
    failpoint: (reached) => {
      if (reached === point) process.kill(process.pid, 'SIGKILL');
    },
  },
});
