'use strict';

// `node --import @order-pipeline/memory-kafka/register`: code that loads kafkajs, by `import` or by `require`, gets the
// in-memory one. The same in a file that a test runner loads first.
const Module = require('node:module');
const path = require('node:path');
const { pathToFileURL } = require('node:url');

const NAME = 'kafkajs';
// Not for everybody, but there is nothing else in these versions of Node.
const INTERNAL = '_resolveFilename';
const forRequire = path.join(__dirname, 'index.js');
const forImport = pathToFileURL(path.join(__dirname, 'index.mjs')).href;

if (Module.registerHooks === undefined) {
  // Before Node 22.15: `import` is resolved in a thread of its own, `require` here.
  const hook = `export const resolve = (specifier, context, next) => specifier === '${NAME}'
    ? { url: ${JSON.stringify(forImport)}, shortCircuit: true }
    : next(specifier, context);`;
  Module.register(`data:text/javascript,${encodeURIComponent(hook)}`);
  const resolveFilename = Module[INTERNAL];
  Module[INTERNAL] = (request, ...rest) =>
    request === NAME ? forRequire : Reflect.apply(resolveFilename, Module, [request, ...rest]);
} else {
  Module.registerHooks({
    resolve: (specifier, context, next) => {
      if (specifier !== NAME) return next(specifier, context);
      const isImport = context.conditions.includes('import');
      return { url: isImport ? forImport : pathToFileURL(forRequire).href, shortCircuit: true };
    },
  });
}
