import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Edit, Mutant } from './mutant.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** What the simulation stands on; the rest of the tree it does without. */
const COPIED = [
  'packages',
  'services',
  'prisma',
  'tools/sim',
  'package.json',
  'pnpm-workspace.yaml',
  'tsconfig.json',
];

/**
 * The text after an edit.
 *
 * @throws Error when what is to be replaced does not stand there exactly once: the source has moved on
 */
export const applyEdit = (text: string, { file, find, replace }: Edit): string => {
  const [before, after, ...more] = text.split(find);
  if (before === undefined || after === undefined || more.length > 0)
    throw new Error(`${file} does not have exactly once: ${find.trim()}`);
  return `${before}${replace}${after}`;
};

/** The texts of the files that a mutant changes, as they are when it is planted, by file. */
export const plantedTexts = async ({ edits }: Mutant): Promise<ReadonlyMap<string, string>> => {
  const texts = new Map<string, string>();
  for (const edit of edits) {
    const text = texts.get(edit.file) ?? (await readFile(path.join(ROOT, edit.file), 'utf8'));
    texts.set(edit.file, applyEdit(text, edit));
  }
  return texts;
};

/** A copy of the tree with the bug in it. */
export interface Planted {
  readonly folder: string;
  remove(): Promise<void>;
}

/** Copies the tree and plants the mutant there; the tree itself is not touched. */
export const plant = async (mutant: Mutant): Promise<Planted> => {
  const texts = await plantedTexts(mutant);
  const folder = await mkdtemp(path.join(tmpdir(), 'order-pipeline-mutant-'));
  for (const name of COPIED)
    await cp(path.join(ROOT, name), path.join(folder, name), { recursive: true, verbatimSymlinks: true });
  // Links between the packages are relative, so they lead into the copy; what comes from elsewhere is shared.
  await symlink(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
  for (const [file, text] of texts) await writeFile(path.join(folder, file), text);
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
};
