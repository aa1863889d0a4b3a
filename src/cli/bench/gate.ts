import { createCritic } from '../../../policies/critic/registry.ts';
import type { RiskCritic } from '../../../policies/policy.ts';
import type { RunConfig } from '../../core/config-schema.ts';
import { type Aim, judge } from './aims.ts';
import { benchKernel } from './kernel.ts';
import { MovingRobot } from './moving-robot.ts';
import { C_SUBJECTS } from './peers/c.ts';
import { type BenchOptions, type Outcome, type Row, rowOf } from './rows.ts';

const ROUNDS = 100;
const TICKS = 20_000;
const WARM_UP = 5000;
/** The critic's kernel takes at most so many times what a C loop for this very machine takes, and less than any other peer. */
const C_RATIO = 1.5;
const [C, TILED] = C_SUBJECTS as [string, string];

/** The compute of the safety layer: the critic's kernel beside its peers, then whole ticks of the gate. Ends with 1 where an aim is not reached. */
export async function benchGate(config: RunConfig, { samples }: BenchOptions): Promise<Outcome> {
  const kernel = await benchKernel(config.seed, samples ?? ROUNDS);
  const { notes, failed } = judge(kernelAims(kernel.results), (samples ?? ROUNDS) >= ROUNDS);
  return { ...kernel, results: [...kernel.results, ...gateTicks(config, samples ?? TICKS)], notes, failed };
}

/**
 * In each case, our median by that of each peer that took part. The plain loop in C is the measure; the one with its sums in
 * registers by hand shows what the machine has left, and is no aim.
 */
export function kernelAims(rows: readonly Row[]): Aim[] {
  return rows
    .filter(({ subject }) => subject !== 'ours' && subject !== TILED)
    .map(({ case: name, subject, p50 }): Aim => {
      const ours = rows.find((row) => row.case === name && row.subject === 'ours')?.p50 ?? Number.NaN;
      const what = `${name}, median of ours by that of ${subject}`;
      return { what, value: ours / p50, unit: 'times', atMost: subject === C ? C_RATIO : 1 };
    });
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
