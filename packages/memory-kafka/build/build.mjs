// What `pnpm pack` packs: dist/, a package of its own. The sources in one CommonJS file, so that `import` and `require` lead to
// one instance; declarations; and a manifest that knows nothing of the workspace.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ORIGINAL = 'original-kafka-js';
const root = fileURLToPath(new URL('../', import.meta.url));
const at = (...names) => path.join(root, ...names);
const require = createRequire(import.meta.url);
const {
  name,
  version,
  description,
  keywords,
  license,
  engines,
  peerDependencies,
} = require('../package.json');

const write = (file, lines) => writeFileSync(at('dist', file), `${lines.join('\n')}\n`);

/** What this package asks for by the name of a file of kafkajs, and as which kafkajs.cjs has it. */
const PARTS = {
  'kafkajs/src/protocol/error.js': 'protocolError',
  'kafkajs/src/utils/long.js': 'Long',
  'kafkajs/src/broker/saslAuthenticator/index.js': 'SaslAuthenticator',
};

/** kafkajs by a name that nobody maps: see kafkajs.cjs. */
const kafkajsFromInside = {
  name: 'kafkajs-from-inside',
  setup: ({ onResolve, onLoad }) => {
    const fromInside = at('build', 'kafkajs.cjs');
    onResolve({ filter: /^(kafkajs|original-kafka-js)(\/|$)/ }, ({ path: asked, importer }) => {
      if (importer === fromInside) return { path: asked, external: true };
      if (asked === 'kafkajs') return { path: fromInside };
      return { path: asked, namespace: 'part-of-kafkajs' };
    });
    onLoad({ filter: /./, namespace: 'part-of-kafkajs' }, ({ path: asked }) => {
      const part = PARTS[asked];
      if (part === undefined) throw new Error(`${asked} is no part that kafkajs.cjs has`);
      const contents = `module.exports = require(${JSON.stringify(fromInside)}).${part};`;
      return { contents, resolveDir: root };
    });
  },
};

const bundle = async () => {
  await build({
    stdin: { contents: `export * from './src/index.ts';`, resolveDir: root, loader: 'ts' },
    outfile: at('dist', 'index.js'),
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    plugins: [kafkajsFromInside],
    // As kafkajs: an object whose properties can be replaced, by a test's spy or by tracing.
    footer: { js: 'module.exports = { ...module.exports };' },
  });
  const names = Object.keys(require('../dist/index.js'));
  write('index.mjs', [
    `import memoryKafka from './index.js';`,
    `export const { ${names.join(', ')} } = memoryKafka;`,
    'export default memoryKafka;',
  ]);
};

/** The command, over the same one instance. */
const bundleCommand = () =>
  build({
    entryPoints: [at('src', 'cli.ts')],
    outfile: at('dist', 'cli.js'),
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    plugins: [
      {
        name: 'index-beside-it',
        setup: ({ onResolve }) =>
          onResolve({ filter: /^\.\/index\.ts$/ }, () => ({ path: './index.js', external: true })),
      },
    ],
  });

/** The names of modules as they lead from one declaration to the next in the package. */
const asPublished = (text) =>
  text
    .replaceAll(/(from |import\()'(\.{1,2}\/[^']+)\.ts'/g, `$1'$2.js'`)
    .replaceAll(/(from |import\()'kafkajs'/g, `$1'${ORIGINAL}'`);

/** The declarations that the first one leads to. */
const reachable = (first, found = new Set()) => {
  if (found.has(first)) return found;
  found.add(first);
  const text = readFileSync(first, 'utf8');
  for (const [, next] of text.matchAll(/(?:from |import\()'(\.{1,2}\/[^']+)\.js'/g)) {
    reachable(path.join(path.dirname(first), `${next}.d.ts`), found);
  }
  return found;
};

const declare = () => {
  const compiler = path.join(require.resolve('typescript/package.json'), '..', 'bin', 'tsc');
  execFileSync(process.execPath, [compiler, '-p', at('build', 'tsconfig.json')], { stdio: 'inherit' });
  const declared = readdirSync(at('dist'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.d.ts'))
    .map((file) => at('dist', file));
  for (const file of declared) writeFileSync(file, asPublished(readFileSync(file, 'utf8')));
  // With kafkajs's classes and enumerations as types, too, which a constant is not.
  writeFileSync(at('dist', 'kafkajs-exports.d.ts'), `export * from '${ORIGINAL}';\n`);
  // To `require`, a default export is but one more property, and there is none of that name.
  // What only that needs goes, too: without esModuleInterop, TypeScript 5 finds no default in kafkajs's declarations.
  const index = readFileSync(at('dist', 'index.d.ts'), 'utf8');
  const named = index.slice(0, index.indexOf('declare const _default'));
  writeFileSync(at('dist', 'index.d.ts'), named.replace(/^import kafkajs from .*\n/m, ''));
  const needed = reachable(at('dist', 'index.d.ts'));
  for (const file of declared) if (!needed.has(file)) rmSync(file);
  write('index.d.mts', [
    `import memoryKafka from './index.js';`,
    `export * from './index.js';`,
    'export default memoryKafka;',
  ]);
};

const manifest = () => ({
  name,
  version,
  description,
  keywords,
  license,
  type: 'commonjs',
  main: './index.js',
  types: './index.d.ts',
  exports: {
    '.': {
      import: { types: './index.d.mts', default: './index.mjs' },
      require: { types: './index.d.ts', default: './index.js' },
    },
    './register': { types: './register.d.ts', default: './register.js' },
    // Libraries look into it for the version of what they take for kafkajs.
    './package.json': './package.json',
  },
  bin: { 'memory-kafka': './cli.js' },
  sideEffects: false,
  engines,
  dependencies: { [ORIGINAL]: `npm:kafkajs@${peerDependencies.kafkajs}` },
});

rmSync(at('dist'), { recursive: true, force: true });
mkdirSync(at('dist'));
// First, as it says that the rest is CommonJS.
write('package.json', [JSON.stringify(manifest(), undefined, 2)]);
await bundle();
await bundleCommand();
declare();
copyFileSync(at('build', 'register.cjs'), at('dist', 'register.js'));
write('register.d.ts', ['export {};']);
copyFileSync(at('README.md'), at('dist', 'README.md'));
copyFileSync(at('..', '..', 'LICENSE'), at('dist', 'LICENSE'));
