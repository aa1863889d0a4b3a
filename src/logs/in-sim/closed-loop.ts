import type { EpisodeStatus } from '../../../bridges/messages/messages.ts';
import { createBase } from '../../../policies/base/registry.ts';
import { createCritic } from '../../../policies/critic/registry.ts';
import { createResidual } from '../../../policies/residual/registry.ts';
import type { RunConfig } from '../../core/config-schema.ts';
import { loadGuard } from '../../pipeline/guard.ts';
import { InProcessRun } from '../../pipeline/in-process.ts';
import { configOfLog } from '../log-config.ts';
import { WHOLE, type Window } from '../window.ts';
import { episodesIn } from './episodes.ts';
import { nothingSent, type Outcome, outcome, worldOfLog } from './in-sim.ts';
import { placeAtStart, type Start } from './start.ts';

export interface Played extends Outcome {
  /** Decisions of the policy. */
  steps: number;
}

export interface EpisodeAgain {
  /** As the task numbers it, and its seed; null where the log says none. */
  episode: number | null;
  seed: number | null;
  start: Start;
  /** Of its first state, s since the first message of the log. */
  from_s: number;
  /** By the task's own word; null where the log has none. */
  logged: Played | null;
  /** `ended`: the task's word, or the cause of the ladder's stop. */
  again: Played & { interventions: number; ended: string };
}

/** Of the episodes of which the log says how they went. */
export interface Score {
  episodes: number;
  successes: number;
  violations: number;
  mean_steps: number;
  mean_max_force: number;
}

export interface ClosedLoop {
  /** Of config and weights, against the run of the log. */
  changes: readonly string[];
  episodes: EpisodeAgain[];
  logged: Score;
  again: Score;
}

/**
 * Begins each episode of a log where it began, and lets policies and gate go on from there in the simulated world, through the
 * daemon's own pipeline under a virtual clock: what the policy would have done, with the robot that answers it.
 * @param sets overrides of the log's config: other weights, thresholds, another world
 * @param window episodes that begin in it
 * @throws ReflexArcError RA_LOG_DAMAGED, RA_CONFIG_…, RA_USAGE without an episode in which a command was sent
 */
export async function closedLoop(
  paths: readonly string[],
  sets: readonly string[] = [],
  { fromS, toS }: Window = WHOLE,
  onEpisode: (done: number) => void = () => {},
): Promise<ClosedLoop> {
  const { config, changes } = await configOfLog(paths[0]!, sets);
  const world = await worldOfLog(config);
  const guard = await loadGuard(config);
  const { policies, task } = config;
  const run = new InProcessRun({
    ...{ config, world, ...(guard && { guard }) },
    base: createBase(policies.base),
    residual: createResidual(policies.residual),
    critic: createCritic(policies.critic),
  });
  const episodes: EpisodeAgain[] = [];
  try {
    for await (const episode of episodesIn(paths, config, world.periodNs)) {
      const beganS = episode.states[0]?.atS ?? Number.NaN;
      if (!(beganS >= fromS && beganS <= toS)) continue;
      const placed = placeAtStart(world, episode);
      if (placed === null) continue;
      const { index, seed, result } = episode;
      const again = play(run, seed ?? 0, task, () => void placeAtStart(world, episode));
      const logged = result === null ? null : { ...outcome(result), steps: stepsOf(result, task) };
      episodes.push({ episode: index, seed, start: placed.start, from_s: beganS, logged, again });
      onEpisode(episodes.length);
      await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    guard?.dispose();
    world.dispose();
  }
  if (episodes.length === 0) throw nothingSent(paths);
  const judged = episodes.filter(({ logged }) => logged !== null);
  return {
    ...{ changes, episodes },
    logged: score(judged.map(({ logged }) => logged!)),
    again: score(judged.map(({ again }) => again)),
  };
}

function play(run: InProcessRun, seed: number, task: RunConfig['task'], place: () => void) {
  const before = run.gate.counters.interventions;
  const { episode, ended } = run.episode(seed, place);
  const { interventions } = run.gate.counters;
  return { ...outcome(episode), steps: stepsOf(episode, task), interventions: interventions - before, ended };
}

const stepsOf = ({ duration_s }: EpisodeStatus, { decision_hz }: RunConfig['task']) => duration_s * decision_hz;

function score(played: readonly Played[]): Score {
  const n = played.length;
  const mean = (of: (one: Played) => number) => (n === 0 ? 0 : played.reduce((sum, one) => sum + of(one), 0) / n);
  return {
    episodes: n,
    successes: played.filter((one) => one.success).length,
    violations: played.filter((one) => one.violation).length,
    mean_steps: mean((one) => one.steps),
    mean_max_force: mean((one) => one.max_force),
  };
}
