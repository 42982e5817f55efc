import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { CliError } from '@order-pipeline/cli/kit';

/** The page of speedscope wants the absolute path of the profile, which is known where the page is opened. */
const PAGE = `<!doctype html>
<title>Flame graph</title>
<script>
  const folder = decodeURIComponent(location.pathname.replace(/[^/]*$/, ''));
  location.replace('speedscope/index.html#localProfilePath=' + encodeURI(folder + 'profile.js'));
</script>
`;

/**
 * Finds the profile of the main thread among those that Node wrote.
 *
 * @throws CliError when there is none
 */
export const findProfile = async (folder: string): Promise<string> => {
  const names = await readdir(folder);
  // CPU.<date>.<time>.<pid>.<thread>.<number>.cpuprofile
  const name = names.find((file) => /\.0\.\d+\.cpuprofile$/.test(file));
  if (name === undefined) throw new CliError(`Node wrote no profile to ${folder}.`);
  return path.join(folder, name);
};

/**
 * Writes a page with the flame graph of a profile, for which neither a network nor a server is needed.
 *
 * @returns the page
 */
export const writeFlameGraph = async (profile: string, folder: string): Promise<string> => {
  const manifest = createRequire(import.meta.url).resolve('speedscope/package.json');
  await mkdir(folder, { recursive: true });
  await cp(path.join(path.dirname(manifest), 'dist/release'), path.join(folder, 'speedscope'), {
    recursive: true,
  });
  const base64 = await readFile(profile, 'base64');
  const name = JSON.stringify(path.basename(profile));
  await writeFile(
    path.join(folder, 'profile.js'),
    `speedscope.loadFileFromBase64(${name}, ${JSON.stringify(base64)})\n`,
  );
  const page = path.join(folder, 'flame-graph.html');
  await writeFile(page, PAGE);
  return page;
};
