import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createLife, type Life } from '../src/context/life.ts';
import { startServer } from '../src/system/child.ts';

const ADDRESS = /^at (http:\S+)$/m;

let folder: string;
let life: Life;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'order-pipeline-child-'));
  life = createLife((sentence) => {
    throw new Error(sentence);
  });
});

afterEach(async () => {
  await life.closeAll();
  await rm(folder, { recursive: true });
});

const start = async (program: string) => {
  await writeFile(path.join(folder, 'program.mjs'), program);
  const options = {
    name: 'the program',
    args: ['program.mjs'],
    cwd: folder,
    environment: { ANSWER: 'yes' },
    folder,
  };
  return startServer({ life }, options, ADDRESS);
};

test('a server starts also where another program takes each port right before it', async () => {
  const { url, pid, stop } = await start(`
    import { createServer } from 'node:http';
    const listen = (server) => new Promise((done, failed) =>
      server.once('error', failed).listen(Number(process.env.PORT), '127.0.0.1', () => done(server.address().port)));
    await listen(createServer());
    const port = await listen(createServer(({ url }, response) => response.end(url + process.env.ANSWER)));
    console.error('at http://127.0.0.1:' + port);
  `);
  expect(await fetch(`${url}/`).then((response) => response.text())).toBe('/yes');
  await stop();
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});

test('the error about a server that ends before it is ready has its last output', async () => {
  await expect(start(`console.error('no room here'); process.exitCode = 1;`)).rejects.toThrow(
    /the program ended while it started[^]*no room here/,
  );
});
