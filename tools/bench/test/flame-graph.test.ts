import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { findProfile, writeFlameGraph } from '../src/profile/flame-graph.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'order-pipeline-flame-'));
});

afterEach(() => rm(folder, { recursive: true }));

test('the profile is that of the main thread', async () => {
  const names = ['CPU.20260101.000000.77.1.001.cpuprofile', 'CPU.20260101.000000.77.0.002.cpuprofile'];
  for (const name of names) await writeFile(path.join(folder, name), '{}');
  expect(path.basename(await findProfile(folder))).toBe(names[1]);
});

test('where Node wrote none, that is said', async () => {
  await expect(findProfile(folder)).rejects.toThrow('Node wrote no profile');
});

test('the page has all that it needs beside it, the profile too', async () => {
  const profile = path.join(folder, 'CPU.20260101.000000.77.0.001.cpuprofile');
  await writeFile(profile, '{"nodes":[]}');
  const page = await writeFlameGraph(profile, folder);
  expect(await readFile(page, 'utf8')).toContain('speedscope/index.html#localProfilePath=');
  expect(await readdir(path.join(folder, 'speedscope'))).toContain('index.html');
  const loaded: string[] = [];
  const speedscope = {
    loadFileFromBase64: (name: string, base64: string) =>
      loaded.push(name, Buffer.from(base64, 'base64').toString()),
  };
  runInNewContext(await readFile(path.join(folder, 'profile.js'), 'utf8'), { speedscope });
  expect(loaded).toEqual([path.basename(profile), '{"nodes":[]}']);
});
