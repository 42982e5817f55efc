// jest gives each test file a realm of its own, and reads, transforms and compiles every module anew for it. The realms stay;
// what they have in common is done once for all files of a worker: a module is read and transformed when it changes, and
// compiled from V8's cache from its third realm on.
const { AsyncLocalStorage } = require('node:async_hooks');
const { statSync } = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');
const { default: Runtime } = require('jest-runtime');

/** V8's cache of what was compiled more than once, by the kind of what is compiled and its file. */
const compiled = new Map();

/** V8 of Node.js 20 forgets whom it asks for what code from its cache imports dynamically. */
const importsDynamically = (code) => /\bimport\s*\(/.test(code);

/** What is known of a file with this very code; a file is remembered when it is compiled for the first time. */
const known = (kind, file, code) => {
  const key = `${kind} ${file}`;
  const found = compiled.get(key);
  if (found?.code !== code) compiled.set(key, { code, data: undefined, isFit: !importsDynamically(code) });
  return found?.code === code && found.isFit ? found : undefined;
};

/** Settings of V8 that a test has changed make the cache useless to it, and only then is it refused. */
const unlessRefused = (entry, compile) => {
  try {
    return compile(entry.data);
  } catch (error) {
    if (error.code !== 'ERR_VM_MODULE_CACHED_DATA_REJECTED') throw error;
    entry.data = undefined;
    return compile();
  }
};

const compileModule = (Module, [code, options = {}]) => {
  const file = options.identifier;
  const entry = path.isAbsolute(file ?? '') ? known('module', file, code) : undefined;
  if (!entry) return new Module(code, options);
  const module = unlessRefused(entry, (cachedData) => new Module(code, { ...options, cachedData }));
  entry.data ??= module.createCachedData();
  return module;
};

const { compileFunction } = vm;

/** As a script, since of that V8 also keeps the functions that were called while the module was loaded. */
const compileScript = (entry, code, parameters, { filename, importModuleDynamically, parsingContext }) => {
  const head = `(function (${parameters.join(', ')}) {`;
  const script = new vm.Script(`${head}${code}\n})`, {
    filename,
    columnOffset: -head.length,
    importModuleDynamically,
    cachedData: entry.data,
  });
  const load = script.runInContext(parsingContext);
  if (entry.data && !script.cachedDataRejected) return load;
  return function loadAndKeep(...values) {
    try {
      return Reflect.apply(load, this, values);
    } finally {
      entry.data = script.createCachedData();
    }
  };
};

vm.SourceTextModule &&= new Proxy(vm.SourceTextModule, { construct: compileModule });
vm.compileFunction = (code, parameters, options = {}) => {
  const entry = options.parsingContext && known('function', options.filename, code);
  return entry ? compileScript(entry, code, parameters, options) : compileFunction(code, parameters, options);
};

/** What modules were read and transformed to, by file and format. */
const transformed = new Map();

const modifiedAt = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs;

/** Puts what was transformed for an earlier realm where the one of `cache` looks for it. */
const transformOnce = (cache) => {
  const transform = cache.transform.bind(cache);
  cache.transform = (file, options = {}) => {
    const key = `${file} ${options.isInternalModule} ${options.supportsStaticESM}`;
    const mtimeMs = modifiedAt(file);
    const found = transformed.get(key);
    if (found === undefined || found.mtimeMs !== mtimeMs) {
      const code = transform(file, options);
      transformed.set(key, { mtimeMs, code, result: cache.transforms.get(file) });
      return code;
    }
    const { code, result } = found;
    if (result) cache.transforms.set(file, result);
    if (result?.sourceMapPath) cache.sourceMaps.set(file, result.sourceMapPath);
    return code;
  };
};

/** The storages that were used first by the file at hand. */
const storages = new Set();
const inUse = new WeakSet();
const { run } = AsyncLocalStorage.prototype;
AsyncLocalStorage.prototype.run = function (...values) {
  if (!inUse.has(this)) storages.add(this);
  inUse.add(this);
  return Reflect.apply(run, this, values);
};

module.exports = class OnceForAllFiles extends Runtime {
  constructor(...values) {
    super(...values);
    storages.clear();
    const { collectCoverage } = values[5];
    if (!collectCoverage) transformOnce(this.transformCache);
  }

  teardown() {
    super.teardown();
    // Each realm's jest has a storage, which Node.js 20 asks at each new promise, of later files too, until it is disabled.
    for (const storage of storages) storage.disable();
  }
};
