import { ReflexArcError } from '../../core/errors.ts';
import { EndedEarly, Watch } from './learning/watch.ts';
import type { Bench, Outcome } from './rows.ts';

/** What learning is shown by, case by case. To add one: write its file, name it here. Loaded when it is run. */
const cases = {
  peg: async () => (await import('./learning/peg.ts')).benchPeg,
  critic: async () => (await import('./learning/critic.ts')).benchCritic,
  navigation: async () => (await import('./learning/navigation.ts')).benchNavigation,
  'navigation-1': async () => (await import('./learning/navigation-1.ts')).benchNavigation1,
  update: async () => (await import('./learning/update.ts')).benchUpdate,
  pendulum: async () => (await import('./learning/reference.ts')).benchPendulum,
  'pendulum-sac': async () => (await import('./learning/reference.ts')).benchPendulumSac,
  'inverted-pendulum': async () => (await import('./learning/reference.ts')).benchInvertedPendulum,
  reacher: async () => (await import('./learning/reference.ts')).benchReacher,
  'mountain-car': async () => (await import('./learning/reference.ts')).benchMountainCar,
  delay: async () => (await import('./learning/delay.ts')).benchDelay,
} as const satisfies Record<string, () => Promise<Bench>>;

export type LearningCase = keyof typeof cases;
export const LEARNING_CASES = Object.keys(cases) as LearningCase[];

/** `reflexarc bench learning`: all cases, or those of `--case`. Hours, if nobody asks for less. */
export const benchLearning: Bench = async (config, options) => {
  const wanted = options.case ?? LEARNING_CASES;
  const unknown = wanted.find((name) => !(name in cases));
  if (unknown !== undefined)
    throw new ReflexArcError('RA_USAGE', { seen: `--case ${unknown}`, allowed: LEARNING_CASES.join(', ') });
  const all: Outcome = { results: [], notes: [] };
  const watch = new Watch();
  try {
    for (const name of wanted as LearningCase[]) {
      const run = await cases[name]();
      const { results, notes = [], failed } = await run(config, { ...options, watch });
      all.results.push(...results);
      all.notes!.push(...notes);
      if (failed) all.failed = true;
    }
  } catch (error) {
    if (!(error instanceof EndedEarly)) throw error;
    const rest =
      options.out === undefined ? 'with --out it could have been gone on with' : 'the same command goes on from here';
    all.notes!.push(`ended early, within ${error.message}; ${rest}`);
    all.failed = true;
  } finally {
    watch.close();
  }
  return all;
};
