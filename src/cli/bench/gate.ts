import { createCritic } from '../../../policies/critic/registry.ts';
import type { RiskCritic } from '../../../policies/policy.ts';
import type { RunConfig } from '../../core/config-schema.ts';
import { benchKernel } from './kernel.ts';
import { MovingRobot } from './moving-robot.ts';
import { type BenchOptions, type Outcome, type Row, rowOf } from './rows.ts';

const ROUNDS = 100;
const TICKS = 20_000;
const WARM_UP = 5000;

/** The compute of the safety layer: the critic's kernel beside its peers, then whole ticks of the gate. */
export async function benchGate(config: RunConfig, { samples }: BenchOptions): Promise<Outcome> {
  const kernel = await benchKernel(config.seed, samples ?? ROUNDS);
  return { ...kernel, results: [...kernel.results, ...gateTicks(config, samples ?? TICKS)] };
}

/** State in, decision when one is due, tick, outcome: with the run's critic and with one that has no risk, in turns. */
export function gateTicks(config: RunConfig, ticks: number): Row[] {
  const critic = createCritic(config.policies.critic);
  const free: RiskCritic = {
    inputSize: critic.inputSize,
    sha256: '',
    evaluate: (_inputs, count, risks) => void risks.fill(0, 0, count),
  };
  const subjects = [
    { subject: 'ours', robot: new MovingRobot(config, critic), us: new Float64Array(ticks) },
    { subject: 'ours, critic always 0', robot: new MovingRobot(config, free), us: new Float64Array(ticks) },
  ];
  for (let n = -WARM_UP; n < ticks; n++) {
    for (const { robot, us } of subjects) {
      const at = performance.now();
      robot.step();
      const took = performance.now() - at;
      if (n >= 0) us[n] = took * 1000;
    }
  }
  for (const { robot } of subjects) robot.mustBeActive();
  return subjects.map(({ subject, us }) => rowOf('gate tick', subject, 'us', us));
}
