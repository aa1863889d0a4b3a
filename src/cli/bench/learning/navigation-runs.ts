import { courseInThread } from '../../../learning/course-in-thread.ts';
import { SAC_DEFAULTS } from '../../../learning/sac.ts';
import type { ShieldMode } from '../../../learning/shield.ts';
import type { NavigationRun, ShieldedNavigation } from '../../../learning/shielded-navigation.ts';
import { type Keeping, kept, pooled } from './runs.ts';

/** Control steps in one decision of `reflex`. */
const RATIO = 5;
/** Positions and rewards are divided by this; α is the published 0.2, divided too. */
const SCALE = 25;
const OFFLINE = 20_000;

/** Recovery RL's numbers; networks are a quarter as wide, and smaller batches and a higher rate make up for it in time. */
const SHARED = {
  ...{ hidden: [64, 64], batch: 64, riskRate: 1e-3, pretraining: 5000 },
  sac: {
    ...SAC_DEFAULTS,
    ...{ hidden: [64, 64], batch: 64, rate: 1e-3, actorRate: 1e-3, learningStarts: 100, capacity: 50_000 },
    ...{ temperature: 0.2 / SCALE, learnTemperature: false, relabelling: 'proposed' as const },
  },
};
/** ε and γ of the risk, of each map. */
const RISK = { 1: { threshold: 0.3, gamma: 0.8 }, 2: { threshold: 0.2, gamma: 0.65 } } as const;

export interface Asked extends Keeping {
  map: 1 | 2;
  modes: readonly ShieldMode[];
  seeds: number;
  episodes: number;
}

/** A run for each mode and seed, by mode. */
export async function navigationRuns({ map, modes, seeds, episodes, ...keeping }: Asked) {
  const jobs = Array.from({ length: seeds }, (_, i) => modes.map((mode) => ({ mode, seed: i + 1 }))).flat();
  // A smoke of a few episodes is prepared less.
  const options = { ...RISK[map], ...SHARED, pretraining: Math.min(SHARED.pretraining, 100 * episodes) };
  const made = await pooled(jobs, async ({ mode, seed }): Promise<NavigationRun> => {
    const given: ShieldedNavigation = {
      ...{ map, mode, seed, episodes, ratio: mode === 'reflex' ? RATIO : 1, scale: SCALE, offline: OFFLINE, options },
    };
    const name = `navigation-${map === 2 ? '' : `${map}-`}${mode}-${seed}`;
    const { result } = await kept(keeping, name, { ...given }, (run, hooks) =>
      courseInThread('navigation', { ...given, ...run }, hooks),
    );
    return result;
  });
  return new Map(modes.map((mode) => [mode, made.filter((_, i) => jobs[i]!.mode === mode)]));
}
