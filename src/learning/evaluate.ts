import { PegWorld } from '../../bridges/mujoco/world.ts';
import type { BasePolicy, ResidualPolicy, RiskCritic } from '../../policies/policy.ts';
import type { RunConfig } from '../core/config-schema.ts';
import { worldOf } from '../core/task-world.ts';
import { loadGuard } from '../pipeline/guard.ts';
import { InProcessRun } from '../pipeline/in-process.ts';
import { wilson } from './judging/binomial.ts';

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
  /** Mean of the task's sparse reward: 1 for an episode that ended in the hole. */
  mean_return: number;
  /** Mean of the task's cost: 1 for an episode that broke its force or workspace limit. */
  mean_cost: number;
  mean_max_force: number;
  /** How episodes ended: the task's word, or the cause of the ladder's stop. */
  ended: Record<string, number>;
}

/** Runs episodes in-process, through the same pipeline and gate as the daemon. */
export async function evaluate(
  config: RunConfig,
  parts: { base: BasePolicy; residual: ResidualPolicy; critic: RiskCritic; residualScale?: number },
  options: { episodes: number; seed: number; onEpisode?(done: number, successes: number): void },
): Promise<Evaluation> {
  const world = await PegWorld.load(config.robot, config.task, worldOf(config.task).model);
  const guard = await loadGuard(config);
  const run = new InProcessRun({ config, world, ...parts, ...(guard && { guard }) });
  let successes = 0;
  let violations = 0;
  let seconds = 0;
  let force = 0;
  const ended: Record<string, number> = {};
  for (let i = 0; i < options.episodes; i++) {
    const { episode, ended: how } = run.episode(options.seed + i);
    if (episode.success) successes++;
    if (episode.violation) violations++;
    seconds += episode.duration_s;
    force += episode.max_force;
    ended[how] = (ended[how] ?? 0) + 1;
    options.onEpisode?.(i + 1, successes);
    if (i % 10 === 9) await new Promise((resolve) => setImmediate(resolve));
  }
  guard?.dispose();
  world.dispose();
  const n = options.episodes;
  return {
    episodes: n,
    successes,
    success_rate: successes / n,
    success_ci95: wilson(successes, n),
    violations,
    violation_rate: violations / n,
    interventions: run.gate.counters.interventions,
    mean_steps: (seconds * config.task.decision_hz) / n,
    mean_return: successes / n,
    mean_cost: violations / n,
    mean_max_force: force / n,
    ended,
  };
}
