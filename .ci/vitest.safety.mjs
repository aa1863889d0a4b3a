import { basename } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer } from 'vitest/node';

/** What judges time, memory or the tests themselves, or whole runs of the gate: seconds for each mutant. */
export const skip = ['memory.test.ts', 'invariance.test.ts', 'ladder-search.test.ts', 'gate.property.test.ts'];

/** Properties last: most mutants die in the tables before. */
class TablesFirst extends BaseSequencer {
  async sort(files) {
    const rank = (file) =>
      `${file.moduleId.includes('property') ? 2 : basename(file.moduleId).startsWith('gate') ? 1 : 0}${file.moduleId}`;
    return files.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1));
  }
}

/**
 * The unit tests of controllers/safety alone, for mutation and coverage: fast and the same every time. Left out is
 * `skip`.
 */
export default defineConfig({
  test: {
    include: ['tests/controllers/safety/**/*.test.ts'],
    exclude: skip.map((name) => `**/*${name}`),
    setupFiles: ['.ci/fast-check-seeded.mjs'],
    env: { FC_RUNS: '100' },
    // One worker takes all files, anew for each mutant.
    pool: 'threads',
    isolate: false,
    sequence: { sequencer: TablesFirst },
    testTimeout: 30_000,
    coverage: {
      include: ['controllers/safety/**/*.ts'],
      exclude: ['tests/**'],
      reporter: ['text', 'json-summary'],
      reportsDirectory: 'coverage/safety',
    },
  },
});
