import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunConfig } from '../../../core/config-schema.ts';
import { AdaStop } from '../../../learning/judging/adastop.ts';
import { chartSvg } from '../../../learning/judging/chart.ts';
import { SHIELD_MODES, type ShieldMode } from '../../../learning/shield.ts';
import type { NavigationRun } from '../../../learning/shielded-navigation.ts';
import { type Aim, judge } from '../aims.ts';
import type { BenchOptions, Outcome, Row } from '../rows.ts';
import { navigationRuns } from './navigation-runs.ts';
import { seedRow, spread } from './runs.ts';

const SEEDS = 10;
const EPISODES = 300;
/** Of `recover` by `off`: ratios, and violations in %. */
const RATIOS = 5;
const VIOLATIONS = 10;
/** A point of a plot for so many episodes. */
const EVERY = 5;

/**
 * Navigation 2 of Recovery RL, under one shield in four modes: 300 episodes of training for each seed; violations count from the first one. Scored as
 * published, by (successes + 1)/(violations + 1) of each seed. There is no published table to compare with: the aims, each with its verdict, are a ratio at
 * least five times the unshielded one's for `recover`, and at most a tenth of its violations.
 */
export async function benchNavigation(_config: RunConfig, options: BenchOptions): Promise<Outcome> {
  const { seeds = SEEDS, steps: episodes = EPISODES, out } = options;
  const runs = await navigationRuns({ map: 2, modes: SHIELD_MODES, seeds, episodes, out, watch: options.watch });
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
