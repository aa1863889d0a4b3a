import { skip } from './vitest.safety.mjs';

/**
 * `npm run mutation` changes controllers/safety one operator, constant or statement at a time and asks whether a unit test
 * notices. A part of it: `npm run mutation -- -m controllers/safety/ladder.ts`. Survivors that stay are explained in
 * controllers/safety/MUTANTS.md.
 *
 * @type {import('@stryker-mutator/api/core').PartialStrykerOptions}
 */
export default {
  mutate: ['controllers/safety/**/*.ts'],
  plugins: ['@stryker-mutator/vitest-runner', './.ci/stryker-runner.mjs', './.ci/stryker-prose.mjs'],
  ignorers: ['prose'],
  testRunner: 'in-process',
  inProcess: { root: 'tests/controllers/safety', skip },
  vitest: { configFile: '.ci/vitest.safety.mjs', related: false },
  coverageAnalysis: 'perTest',
  concurrency: 2,
  timeoutMS: 3000,
  incremental: true,
  incrementalFile: 'coverage/mutation/incremental.json',
  reporters: ['clear-text', 'progress-append-only', 'json'],
  clearTextReporter: { allowColor: false, reportTests: false, logTests: false },
  jsonReporter: { fileName: 'coverage/mutation/mutation.json' },
  ignorePatterns: ['node_modules/.vite', 'dist', 'logs', 'coverage', 'bridges', 'policies/trained', 'tests/system'],
  disableTypeChecks: false,
  thresholds: { high: 95, low: 90, break: 90 },
};
