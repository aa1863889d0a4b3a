import { PegWorld } from '../../bridges/mujoco/world.ts';
import type { BasePolicy, ResidualPolicy, RiskCritic } from '../../policies/policy.ts';
import type { RunConfig } from '../core/config-schema.ts';
import { worldOf } from '../core/task-world.ts';
import { loadGuard } from '../pipeline/guard.ts';
import { type InProcessParts, InProcessRun } from '../pipeline/in-process.ts';
import { compileObservation } from '../pipeline/observation/compile.ts';
import { noResidual } from './demonstrations.ts';
import { expertOf, stepwise } from './expert.ts';
import { upperBound, wilson } from './judging/binomial.ts';
import { stepsToSuccess } from './judging/steps-to-success.ts';

/** What one episode came to. */
export interface EpisodeScore {
  seed: number;
  success: boolean;
  violation: boolean;
  /** Times that the gate took authority from the policy. */
  interventions: number;
  steps: number;
  /** The task's sparse reward: 1 for an episode that ended in the hole. */
  return: number;
  /** The task's cost: 1 for an episode that broke its force or workspace limit. */
  cost: number;
  /** N */
  max_force: number;
  /** The task's word, or the cause of the ladder's stop. */
  ended: string;
}

export interface Evaluation {
  episodes: number;
  successes: number;
  success_rate: number;
  /** Wilson interval at 95 %. */
  success_ci95: [number, number];
  violations: number;
  violation_rate: number;
  interventions: number;
  mean_steps: number;
  /** Mean over the episodes that succeeded; null without one. */
  steps_to_success: number | null;
  mean_return: number;
  mean_cost: number;
  mean_max_force: number;
  /** How many episodes ended how. */
  ended: Record<string, number>;
}

export interface Policies {
  base: BasePolicy;
  residual: ResidualPolicy;
  critic: RiskCritic;
  residualScale?: number;
}

export interface EvaluationOptions {
  episodes: number;
  /** Of the first episode; each further one takes the next. Two evaluations from the same seed are paired. */
  seed: number;
  onEpisode?(done: number, successes: number): void;
}

/** Runs episodes in-process, through the same pipeline and gate as the daemon. */
export async function evaluate(config: RunConfig, parts: Policies, options: EvaluationOptions): Promise<Evaluation> {
  return summarise(await playEpisodes(config, parts, options));
}

/** The episodes of an evaluation, one by one. */
export const playEpisodes = (config: RunConfig, parts: Policies, options: EvaluationOptions) =>
  play(config, () => parts, options);

export interface ExpertEvaluation {
  episodes: number;
  /** Episodes in which the gate took authority from an expert that did nothing wrong; the share, and its 95 % upper bound. */
  intervened: number;
  rate: number;
  upper95: number;
}

/**
 * False interventions: the scripted expert, who sees the true hole, drives, and the gate and the critic judge it as they judge
 * the policy. Episodes in which even the expert broke a limit do not count.
 */
export async function expertInterventions(
  config: RunConfig,
  critic: RiskCritic,
  options: EvaluationOptions,
): Promise<ExpertEvaluation> {
  const { baseSize } = compileObservation(config.robot, config.task);
  const expert = (world: PegWorld) => ({ base: expertOf(world, baseSize), residual: noResidual, critic });
  const scores = (await play(stepwise(config), expert, options)).filter((s) => !s.violation);
  const intervened = scores.filter((s) => s.interventions > 0).length;
  const n = scores.length;
  return {
    episodes: n,
    intervened,
    rate: n === 0 ? Number.NaN : intervened / n,
    upper95: upperBound(intervened, n, 0.95),
  };
}

async function play(
  config: RunConfig,
  policies: (world: PegWorld) => Omit<InProcessParts, 'config' | 'world' | 'guard'>,
  { episodes, seed, onEpisode }: EvaluationOptions,
): Promise<EpisodeScore[]> {
  const world = await PegWorld.load(config.robot, config.task, worldOf(config.task).model);
  const guard = await loadGuard(config);
  const run = new InProcessRun({ config, world, ...policies(world), ...(guard && { guard }) });
  const scores: EpisodeScore[] = [];
  let successes = 0;
  for (let i = 0; i < episodes; i++) {
    const before = run.gate.counters.interventions;
    const { episode, ended } = run.episode(seed + i);
    if (episode.success) successes++;
    scores.push({
      seed: seed + i,
      success: episode.success,
      violation: episode.violation,
      interventions: run.gate.counters.interventions - before,
      steps: episode.duration_s * config.task.decision_hz,
      return: episode.success ? 1 : 0,
      cost: episode.violation ? 1 : 0,
      max_force: episode.max_force,
      ended,
    });
    onEpisode?.(i + 1, successes);
    if (i % 10 === 9) await new Promise((resolve) => setImmediate(resolve));
  }
  guard?.dispose();
  world.dispose();
  return scores;
}

/** @throws RangeError without an episode */
export function summarise(scores: readonly EpisodeScore[]): Evaluation {
  const n = scores.length;
  if (n === 0) throw new RangeError('an evaluation of no episodes');
  const sum = (of: (score: EpisodeScore) => number) => scores.reduce((total, score) => total + of(score), 0);
  const successes = sum((s) => (s.success ? 1 : 0));
  const violations = sum((s) => (s.violation ? 1 : 0));
  const ended: Record<string, number> = {};
  for (const s of scores) ended[s.ended] = (ended[s.ended] ?? 0) + 1;
  return {
    episodes: n,
    successes,
    success_rate: successes / n,
    success_ci95: wilson(successes, n),
    violations,
    violation_rate: violations / n,
    interventions: sum((s) => s.interventions),
    mean_steps: sum((s) => s.steps) / n,
    steps_to_success: stepsToSuccess(scores),
    mean_return: sum((s) => s.return) / n,
    mean_cost: sum((s) => s.cost) / n,
    mean_max_force: sum((s) => s.max_force) / n,
    ended,
  };
}
