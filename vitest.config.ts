import { defineConfig } from 'vitest/config';

/**
 * Of tests with real processes and sockets on a machine that others share: it may stand still for a second at any moment. What
 * passes only then is named, with what failed at first (tests/second-goes.ts). Unit tests and properties get none: these draw other
 * cases the second time, and would pass over what they had found.
 */
const SECOND_GO = 1;

export default defineConfig({
  test: {
    reporters: ['default', './tests/second-goes.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          setupFiles: ['tests/fast-check-seed.ts'],
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/system/**', 'tests/safety/process/**'],
          testTimeout: 30_000,
          // Loading modules anew for each of 242 files was over a third of the work.
          isolate: false,
        },
      },
      {
        // Real processes, real sockets, a real browser: one at a time, so that they do not starve each other.
        test: {
          name: 'system',
          include: ['tests/system/**/*.test.ts'],
          fileParallelism: false,
          retry: SECOND_GO,
          // A page that has not drawn within a second is on a busy machine.
          expect: { poll: { timeout: 10_000 } },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        // What the properties, search and scenarios are, at FC_RUNS cases each: `npm run test:safety`.
        test: {
          name: 'safety',
          setupFiles: ['tests/fast-check-seed.ts'],
          include: [
            'tests/safety/*.test.ts',
            'tests/controllers/safety/**/*.property.test.ts',
            'tests/controllers/safety/**/invariance.test.ts',
            'tests/controllers/safety/ladder-search.test.ts',
            'tests/controllers/safety/brake-recovery.test.ts',
          ],
          testTimeout: 7_200_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // Faults of real processes and sockets, one at a time and after all else.
        test: {
          name: 'safety-process',
          include: ['tests/safety/process/*.test.ts'],
          fileParallelism: false,
          retry: SECOND_GO,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
