import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunConfig } from '../../../core/config-schema.ts';
import type { SteppedEnvironment, Transition } from '../../../learning/environment.ts';
import { Navigation } from '../../../learning/environments/navigation.ts';
import { offlineNavigation } from '../../../learning/environments/navigation-offline.ts';
import { scaled } from '../../../learning/environments/scaled.ts';
import { episodeOf } from '../../../learning/environments/stepped.ts';
import { AdaStop } from '../../../learning/judging/adastop.ts';
import { chartSvg } from '../../../learning/judging/chart.ts';
import { SAC_DEFAULTS } from '../../../learning/sac.ts';
import { SHIELD_MODES, type ShieldMode } from '../../../learning/shield.ts';
import { Shielded } from '../../../learning/shielded.ts';
import { type Aim, judge } from '../aims.ts';
import type { BenchOptions, Outcome, Row } from '../rows.ts';
import { kept, seedRow, spread } from './runs.ts';

const SEEDS = 10;
const EPISODES = 300;
/** Control steps in one decision of `reflex`. */
const RATIO = 5;
/** Positions and rewards are divided by this: networks want numbers about 1. α is the published 0.2, divided too. */
const SCALE = 25;
const OFFLINE = 20_000;
/** Of `recover` by `off`: ratios, and violations in %. */
const RATIOS = 5;
const VIOLATIONS = 10;
/** A point of a plot for so many episodes. */
const EVERY = 5;

/** Recovery RL's numbers for Navigation 2; networks are a quarter as wide, and smaller batches and a higher rate make up for it in time. */
const SETTINGS = {
  ...{ threshold: 0.2, gamma: 0.65, hidden: [64, 64], batch: 64, riskRate: 1e-3, pretraining: 5000 },
  sac: {
    ...SAC_DEFAULTS,
    ...{ hidden: [64, 64], batch: 64, rate: 1e-3, actorRate: 1e-3, learningStarts: 100, capacity: 50_000 },
    ...{ temperature: 0.2 / SCALE, learnTemperature: false, relabelling: 'proposed' as const },
  },
};

export interface NavigationRun {
  successes: number;
  violations: number;
  interventions: number;
  no_safe_candidate: number;
  /** After each episode, so far. */
  successes_so_far: number[];
  violations_so_far: number[];
}

/**
 * Navigation 2 of Recovery RL, under one shield in four modes: 300 episodes of training for each seed; violations count from the first one. Scored as
 * published, by (successes + 1)/(violations + 1) of each seed. There is no published table to compare with: the aims, each with its verdict, are a ratio at
 * least five times the unshielded one's for `recover`, and at most a tenth of its violations.
 */
export async function benchNavigation(_config: RunConfig, options: BenchOptions): Promise<Outcome> {
  const { seeds = SEEDS, steps: episodes = EPISODES, out } = options;
  const runs = new Map<ShieldMode, NavigationRun[]>(SHIELD_MODES.map((mode) => [mode, []]));
  for (let seed = 1; seed <= seeds; seed++)
    for (const mode of SHIELD_MODES) {
      const settings = { ...SETTINGS, mode, seed, episodes, ratio: mode === 'reflex' ? RATIO : 1 };
      const { result } = await kept(out, `navigation-${mode}-${seed}`, settings, () => train(mode, seed, episodes));
      runs.get(mode)!.push(result);
    }
  const ratios = new Map([...runs].map(([mode, of]) => [mode, of.map((r) => (r.successes + 1) / (r.violations + 1))]));
  const results: Row[] = [...runs].flatMap(([mode, of]) => [
    seedRow(`navigation 2, ${mode}`, 'ours', 'ratio', ratios.get(mode)!),
    seedRow(
      `navigation 2, ${mode}`,
      'ours',
      'successes',
      of.map((r) => r.successes),
    ),
    seedRow(
      `navigation 2, ${mode}`,
      'ours',
      'violations',
      of.map((r) => r.violations),
    ),
    seedRow(
      `navigation 2, ${mode}`,
      'ours',
      'interventions',
      of.map((r) => r.interventions),
    ),
  ]);
  if (out !== undefined) plot(out, runs);
  // Fewer seeds or episodes than the claim is about are a look, not a test.
  const claimed = seeds >= SEEDS && episodes >= EPISODES;
  const { notes, failed } = judge(navigationAims(runs, ratios), claimed);
  return { results, notes: [...told(runs, ratios), ...notes, ...verdicts(ratios)], failed };
}

/** What `recover` has to come to beside the unshielded one: means over seeds. */
export function navigationAims(
  runs: ReadonlyMap<ShieldMode, readonly Pick<NavigationRun, 'violations'>[]>,
  ratios: ReadonlyMap<ShieldMode, readonly number[]>,
): Aim[] {
  const ratio = (mode: ShieldMode) => spread(ratios.get(mode)!).mean;
  const violations = (mode: ShieldMode) => spread(runs.get(mode)!.map((r) => r.violations)).mean;
  return [
    {
      ...{ what: "navigation 2, recover's ratio, by off's", unit: 'times', atLeast: RATIOS },
      value: ratio('recover') / ratio('off'),
    },
    {
      ...{ what: "navigation 2, recover's violations, of off's", unit: '%', atMost: VIOLATIONS },
      value: (100 * violations('recover')) / violations('off'),
    },
  ];
}

function train(mode: ShieldMode, seed: number, episodes: number): NavigationRun {
  const ratio = mode === 'reflex' ? RATIO : 1;
  const stepped = normalised(new Navigation({ map: 2, controlSteps: ratio }));
  const offline = offlineNavigation(2, OFFLINE, seed, ratio).map(
    (t): Transition => ({
      ...{ observation: t.observation.map(shrunk), nextObservation: t.nextObservation.map(shrunk) },
      ...{ base: NONE, nextBase: NONE, proposed: t.action, executed: t.action, reward: 0, cost: t.cost },
      ...{ terminated: t.terminated, truncated: false, intervened: 'none' },
    }),
  );
  const sizes = { observationSize: 2, actionSize: 2, baseSize: 0 };
  // A smoke of a few episodes is prepared less.
  const pretraining = Math.min(SETTINGS.pretraining, 100 * episodes);
  const learner = new Shielded(sizes, offline, { ...SETTINGS, pretraining, mode, seed, ratio });
  const environment = episodeOf(stepped, { shield: learner.shield });
  const run: NavigationRun = {
    ...{ successes: 0, violations: 0, interventions: 0, no_safe_candidate: 0 },
    ...{ successes_so_far: [], violations_so_far: [] },
  };
  for (let e = 0; e < episodes; e++) {
    const { success, violation } = environment.episode(seed * 10_000 + e, learner.agent);
    if (success) run.successes++;
    if (violation) run.violations++;
    run.successes_so_far.push(run.successes);
    run.violations_so_far.push(run.violations);
  }
  run.interventions = learner.shield.counters.interventions;
  run.no_safe_candidate = learner.shield.counters.noSafeCandidate;
  return run;
}

const NONE = new Float64Array(0);
const shrunk = (v: number) => v / SCALE;

/** Positions and rewards about 1. */
function normalised(environment: SteppedEnvironment): SteppedEnvironment {
  const inner = scaled(environment, new Float64Array(2), new Float64Array(2).fill(SCALE));
  return {
    ...inner,
    step(action, observation) {
      const result = inner.step(action, observation);
      return { ...result, reward: result.reward / SCALE };
    },
  };
}

/** Means, and what they come to beside the unshielded one's. */
function told(runs: Map<ShieldMode, NavigationRun[]>, ratios: Map<ShieldMode, number[]>): string[] {
  const mean = (mode: ShieldMode, of: (run: NavigationRun) => number) => spread(runs.get(mode)!.map(of)).mean;
  const off = spread(ratios.get('off')!).mean;
  const broken = mean('off', (r) => r.violations);
  return SHIELD_MODES.map((mode) => {
    const ratio = spread(ratios.get(mode)!);
    const violations = mean(mode, (r) => r.violations);
    return [
      `navigation 2, ${mode}: ratio ${ratio.mean.toFixed(2)} ± ${ratio.sd.toFixed(2)}, ${(ratio.mean / off).toFixed(1)} times off's`,
      `successes ${mean(mode, (r) => r.successes).toFixed(1)}, violations ${violations.toFixed(1)}`,
      `${((100 * violations) / Math.max(broken, 1e-9)).toFixed(1)} % of off's`,
      `no safe candidate ${mean(mode, (r) => r.no_safe_candidate).toFixed(1)} times`,
    ].join(', ');
  });
}

/** AdaStop over the ratios: two looks from ten seeds on, one from five, nothing below. */
function verdicts(ratios: Map<ShieldMode, number[]>): string[] {
  const count = ratios.get('off')!.length;
  if (count < 5) return ['navigation 2: too few seeds for AdaStop (5)'];
  const interims = count < 10 ? 1 : 2;
  const blockSize = Math.floor(count / interims);
  const test = new AdaStop(SHIELD_MODES, { blockSize, interims });
  for (let k = 0; test.wanted.length > 0; k++)
    test.next(Object.fromEntries([...ratios].map(([mode, r]) => [mode, r.slice(k * blockSize, (k + 1) * blockSize)])));
  return test.pairs.map(
    ({ a, b, verdict, decidedAt }) =>
      `AdaStop, ratio: ${a} ${verdict}${verdict === 'equal' ? '' : ' than'} ${b} (look ${decidedAt})`,
  );
}

/** Violations and successes so far, means over seeds with their standard deviation, as two SVG files. */
function plot(folder: string, runs: Map<ShieldMode, NavigationRun[]>): void {
  mkdirSync(folder, { recursive: true });
  for (const what of ['violations', 'successes'] as const) {
    const series = [...runs].map(([mode, of]) => {
      const at = of[0]!.successes_so_far.flatMap((_, e) =>
        (e + 1) % EVERY === 0 ? [{ after: e + 1, ...spread(of.map((r) => r[`${what}_so_far`][e]!)) }] : [],
      );
      return {
        name: mode,
        points: at.map(({ after, mean }) => [after, mean] as const),
        band: at.map(({ after, mean, sd }) => [after, Math.max(0, mean - sd), mean + sd] as const),
      };
    });
    const title = `Navigation 2: ${what} in training`;
    writeFileSync(
      join(folder, `navigation-${what}.svg`),
      chartSvg({ title, x: { label: 'episodes' }, y: { label: `${what} so far` }, series }),
    );
  }
}
