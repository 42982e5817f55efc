import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const APP = fileURLToPath(new URL('../app/', import.meta.url));
const resolve = createRequire(import.meta.url).resolve;

/** The libraries as they are published, by the name under which our modules import them. */
const LIBRARIES: Readonly<Record<string, { readonly name: string; readonly file: string }>> = {
  preact: { name: 'preact.js', file: resolve('preact') },
  'preact/hooks': { name: 'preact-hooks.js', file: resolve('preact/hooks') },
  // Its main file is CommonJS; the ES module lies beside it.
  htm: { name: 'htm.js', file: path.join(path.dirname(resolve('htm')), 'htm.module.js') },
};

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
};

/**
 * What the browser may do with the console: load and ask what the gateway itself serves, and nothing else. No script, style or
 * event handler inside the page, and no text ever becomes markup.
 */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/** A file as it is served. */
export interface ConsoleFile {
  readonly contentType: string;
  /** A strong validator without its quotes; that of the bytes before they are compressed. */
  readonly digest: string;
  readonly bytes: Buffer;
  /** The same, compressed once, when it is first asked for. */
  gzipped(): Buffer;
}

/** The console: one page, and what it loads. */
export interface ConsoleSite {
  readonly page: ConsoleFile;
  /** The files by their path below `assetsPath`. */
  readonly assets: ReadonlyMap<string, ConsoleFile>;
  /** Contains the digest of all files: nothing below it ever changes. */
  readonly assetsPath: string;
}

const digestOf = (...parts: readonly (string | Buffer)[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('base64url').slice(0, 22);
};

const createFile = (name: string, text: string | Buffer): ConsoleFile => {
  const bytes = Buffer.from(text);
  let compressed: Buffer | undefined;
  return {
    contentType: CONTENT_TYPES[path.extname(name)] ?? 'application/octet-stream',
    digest: digestOf(bytes),
    bytes,
    gzipped: () => (compressed ??= gzipSync(bytes, { level: 9 })),
  };
};

const IMPORT = /(\bfrom\s*|\bimport\s*)(["'])([a-z][a-z/-]*)\2/g;
const SOURCE_MAP = /\n?\/\/# sourceMappingURL=.*\s*$/;

/** Lets a module import a library by a path: an import map would have to stand in the page as an inline script. */
const withPaths = (text: string, name: string): string => {
  const up = '../'.repeat(name.split('/').length - 1) || './';
  return text.replace(IMPORT, (all, before: string, quote: string, library: string) => {
    const known = LIBRARIES[library];
    return known ? `${before}${quote}${up}vendor/${known.name}${quote}` : all;
  });
};

const readAssets = (): Map<string, ConsoleFile> => {
  const own = readdirSync(APP, { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll(path.sep, '/'))
    .filter((name) => ['.js', '.css', '.svg'].includes(path.extname(name)))
    .map((name) => [name, path.join(APP, name)] as const);
  const libraries = Object.values(LIBRARIES).map(({ name, file }) => [`vendor/${name}`, file] as const);
  return new Map(
    [...own, ...libraries]
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, file]) => {
        const text = readFileSync(file, 'utf8').replace(SOURCE_MAP, '\n');
        return [name, createFile(name, name.endsWith('.js') ? withPaths(text, name) : text)];
      }),
  );
};

/** The page with the paths of this very version; every module is named, so that none has to wait for another. */
const readPage = (assets: ReadonlyMap<string, ConsoleFile>, assetsPath: string): ConsoleFile => {
  const preloads = [...assets.keys()]
    .filter((name) => name.endsWith('.js'))
    .map((name) => `<link rel="modulepreload" href="${assetsPath}${name}" />`);
  const text = readFileSync(path.join(APP, 'index.html'), 'utf8')
    .replaceAll('{{assets}}', assetsPath)
    .replace('<!-- modules -->', preloads.join('\n    '));
  return createFile('index.html', text);
};

/**
 * Reads the console from its folder, and the libraries from where they are installed.
 *
 * @param base the path that it is served below, with a slash at its end
 * @throws when a file of it is missing
 */
export const readConsole = (base: string): ConsoleSite => {
  const assets = readAssets();
  const digest = digestOf(...[...assets].flatMap(([name, file]) => [name, file.digest]));
  const assetsPath = `${base}assets/${digest}/`;
  return { page: readPage(assets, assetsPath), assets, assetsPath };
};
