import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { runInThisContext } from 'node:vm';
import { commonTokens, declareFactoryPlugin, PluginKind, tokens } from '@stryker-mutator/api/plugin';
import {
  DryRunStatus,
  determineHitLimitReached,
  TestStatus,
  toMutantRunResult,
} from '@stryker-mutator/api/test-runner';
import {
  ASYMMETRIC_MATCHERS_OBJECT,
  GLOBAL_EXPECT,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
  setState,
} from '@vitest/expect';
import * as chai from 'chai';
import { rolldown } from 'rolldown';

/**
 * Runs the safety tests for Stryker inside its own process: Vitest starts a worker and reads every module for each of
 * some 4000 mutants, which takes hours. Here all tests are bundled once, and the bundle is evaluated anew for each mutant.
 * The verdicts are those of the Vitest runner (`npm run mutation -- --testRunner vitest`), sooner.
 *
 * NOTE it knows what these tests use of Vitest: describe, it, each, beforeEach and expect.
 */
class InProcessRunner {
  static inject = tokens(commonTokens.options);
  #root;
  #skip;
  #script;
  #tests;
  #ms = new Map();

  constructor(options) {
    this.#root = options.inProcess.root;
    this.#skip = options.inProcess.skip;
  }

  capabilities() {
    return { reloadEnvironment: true };
  }

  async init() {
    process.env.FC_RUNS ??= '60';
    await import(new URL('./fast-check-seeded.mjs', import.meta.url));
    chai.use(JestExtend).use(JestChaiExpect).use(JestAsymmetricMatchers);
    const expect = Object.assign((value, message) => chai.expect(value, message), chai.expect);
    Object.assign(expect, globalThis[ASYMMETRIC_MATCHERS_OBJECT]);
    globalThis[GLOBAL_EXPECT] = expect;
    setState({ assertionCalls: 0 }, expect);
    globalThis.__vitest__ = { ...collector((id, test) => this.#tests.set(id, test)), expect };
    const files = readdirSync(this.#root, { recursive: true })
      .filter((file) => file.endsWith('.test.ts') && !this.#skip.some((name) => file.endsWith(name)))
      .map((file) => resolve(this.#root, file));
    this.#script = runInThisContext(`(function (require, module, exports) {${await bundle(files)}\n})`);
  }

  /** Evaluates all modules anew: what a mutant did to one of them is gone. */
  #load() {
    this.#tests = new Map();
    this.#script(createRequire(import.meta.url), { exports: {} }, {});
  }

  async dryRun() {
    const space = stryker();
    space.activeMutant = undefined;
    this.#load();
    const tests = [];
    for (const [id, test] of this.#tests) {
      space.currentTestId = id;
      const result = await run(id, test);
      space.currentTestId = undefined;
      this.#ms.set(id, result.timeSpentMs);
      tests.push(result);
    }
    return { status: DryRunStatus.Complete, tests, mutantCoverage: space.mutantCoverage };
  }

  async mutantRun({ activeMutant, mutantActivation, testFilter, hitLimit }) {
    const space = stryker();
    Object.assign(space, { hitCount: 0, hitLimit, currentTestId: undefined });
    space.activeMutant = mutantActivation === 'static' ? activeMutant.id : undefined;
    const tests = [];
    const done = () =>
      toMutantRunResult(determineHitLimitReached(space.hitCount, hitLimit) ?? { status: DryRunStatus.Complete, tests });
    try {
      this.#load();
    } catch (error) {
      tests.push(failed('evaluating the modules', 0, error));
      return done();
    }
    space.activeMutant = activeMutant.id;
    // The quickest first: most mutants die in a table.
    const ids = (testFilter ?? [...this.#tests.keys()]).toSorted((a, b) => this.#ms.get(a) - this.#ms.get(b));
    for (const id of ids) {
      const result = await run(id, this.#tests.get(id));
      tests.push(result);
      if (result.status === TestStatus.Failed) break;
    }
    return done();
  }

  async dispose() {}
}

const stryker = () => {
  globalThis.__stryker__ ??= {};
  return globalThis.__stryker__;
};

const failed = (id, timeSpentMs, error) => ({
  ...{ id, name: id, timeSpentMs, status: TestStatus.Failed, failureMessage: String(error?.message ?? error) },
});

async function run(id, { body, before }) {
  const from = performance.now();
  try {
    for (const hook of before) await hook();
    await body();
  } catch (error) {
    return failed(id, performance.now() - from, error);
  }
  return { id, name: id, timeSpentMs: performance.now() - from, status: TestStatus.Success };
}

/** The part of Vitest that declares tests; `add` gets each with an id of its own. */
function collector(add) {
  const suites = [];
  const used = new Map();
  const it = (name, body) => {
    const named = [...suites.map((s) => s.name), name].join(' > ');
    const count = (used.get(named) ?? 0) + 1;
    used.set(named, count);
    add(`${named} #${count}`, { body, before: suites.flatMap((s) => s.before) });
  };
  const describe = (name, body) => {
    suites.push({ name, before: [] });
    body();
    suites.pop();
  };
  const each = (declare) => (cases) => (name, body) => {
    for (const one of cases) declare(name, () => body(...(Array.isArray(one) ? one : [one])));
  };
  return {
    it: Object.assign(it, { each: each(it) }),
    describe: Object.assign(describe, { each: each(describe) }),
    beforeEach: (hook) => suites.at(-1).before.push(hook),
    /** Each test file is a suite; a new evaluation begins with the first. */
    file(name, isFirst) {
      if (isFirst) used.clear();
      suites.length = 0;
      suites.push({ name, before: [] });
    },
  };
}

/** All test files as one script; packages stay outside. */
async function bundle(files) {
  const entry = files.flatMap((file, i) => [`import 'file:${i}';`, `import ${JSON.stringify(file)};`]).join('\n');
  const modules = {
    entry,
    vitest: 'export const { it, describe, beforeEach, expect } = globalThis.__vitest__;',
    ...Object.fromEntries(
      files.map((f, i) => [`file:${i}`, `globalThis.__vitest__.file(${JSON.stringify(basename(f))}, ${i === 0});`]),
    ),
  };
  const built = await rolldown({
    input: 'entry',
    platform: 'node',
    logLevel: 'silent',
    treeshake: false,
    external: (id) => /^[a-z@]/.test(id) && !(id in modules),
    plugins: [
      { name: 'tests', resolveId: (id) => (id in modules ? `\0${id}` : undefined), load: (id) => modules[id.slice(1)] },
    ],
  });
  const { output } = await built.generate({ format: 'cjs' });
  return output[0].code;
}

const make = (injector) => injector.injectClass(InProcessRunner);
make.inject = tokens(commonTokens.injector);

export const strykerPlugins = [declareFactoryPlugin(PluginKind.TestRunner, 'in-process', make)];
export const strykerValidationSchema = {
  properties: { inProcess: { type: 'object', properties: { root: { type: 'string' }, skip: { type: 'array' } } } },
};
