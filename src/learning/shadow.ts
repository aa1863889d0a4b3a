import { PegWorld } from '../../bridges/mujoco/world.ts';
import type { RiskCritic } from '../../policies/policy.ts';
import type { RunConfig } from '../core/config-schema.ts';
import { worldOf } from '../core/task-world.ts';
import { InProcessRun } from '../pipeline/in-process.ts';
import { compileObservation } from '../pipeline/observation/compile.ts';
import { noResidual } from './demonstrations.ts';
import { withoutForceRules } from './environments/peg.ts';
import type { EvaluationOptions, Policies } from './evaluate.ts';
import { expertOf, stepwise } from './expert.ts';
import type { ShadowEpisode } from './judging/calibration.ts';

/**
 * Episodes of the policy in which the critic is asked at every tick and nobody heeds it, and nothing keeps the force down: so
 * that what it says stands beside what comes. Up to the first violation, in the ticks in which the policy had authority.
 */
export const shadowEpisodes = (config: RunConfig, policies: Policies, options: EvaluationOptions) =>
  collect(config, () => policies, options);

/** The same with the scripted expert, who sees the true hole. */
export function expertShadows(config: RunConfig, critic: RiskCritic, options: EvaluationOptions) {
  const { baseSize } = compileObservation(config.robot, config.task);
  return collect(
    stepwise(config),
    (world) => ({ base: expertOf(world, baseSize), residual: noResidual, critic }),
    options,
  );
}

async function collect(
  config: RunConfig,
  policies: (world: PegWorld) => Policies,
  { episodes, seed, onEpisode }: EvaluationOptions,
): Promise<ShadowEpisode[]> {
  const own = structuredClone(config);
  withoutForceRules(own);
  // No risk is above it: the critic is asked and changes nothing.
  own.safety.risk.high = 1;
  const world = await PegWorld.load(own.robot, own.task, worldOf(own.task).model);
  const run = new InProcessRun({ config: own, world, ...policies(world) });
  const shadows: ShadowEpisode[] = [];
  let risks: number[] = [];
  let violationAt = -1;
  run.ticked$.subscribe(({ mode, riskProposed }) => {
    if ((mode !== 'ACTIVE' && mode !== 'ENGAGING') || violationAt >= 0 || Number.isNaN(riskProposed)) return;
    risks.push(riskProposed);
    if (world.episode().violation) violationAt = risks.length - 1;
  });
  let successes = 0;
  for (let i = 0; i < episodes; i++) {
    risks = [];
    violationAt = -1;
    if (run.episode(seed + i).episode.success) successes++;
    shadows.push({ risks, violationAt });
    onEpisode?.(i + 1, successes);
    if (i % 10 === 9) await new Promise((resolve) => setImmediate(resolve));
  }
  world.dispose();
  return shadows;
}
