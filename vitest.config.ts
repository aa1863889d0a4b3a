import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
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
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
