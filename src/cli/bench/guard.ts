import { readFileSync } from 'node:fs';
import { Physics } from '../../../bridges/mujoco/mujoco.ts';
import { Rollout } from '../../../bridges/mujoco/rollout.ts';
import { PegWorld } from '../../../bridges/mujoco/world.ts';
import type { Situation } from '../../../controllers/safety/envelope.ts';
import type { Foresight, Guard } from '../../../controllers/safety/guard.ts';
import { createBase } from '../../../policies/base/registry.ts';
import type { BasePolicy } from '../../../policies/policy.ts';
import { type RunConfig, safetySchema } from '../../core/config-schema.ts';
import { carefree, noResidual } from '../../learning/demonstrations.ts';
import { expertOf, stepwise } from '../../learning/expert.ts';
import { MujocoGuard } from '../../pipeline/guard.ts';
import { InProcessRun } from '../../pipeline/in-process.ts';
import { type BenchOptions, type Outcome, type Row, rounded, rowOf } from './rows.ts';

const TIMESTEPS_US = [1000, 2500, 5000];
const RATES_HZ = [100, 250, 500];
/** Share of a tick that a guard may have, by the design. */
const SHARE = 0.2;
/** Checks to an episode of the question how good its answers are. */
const CHECKS_PER_EPISODE = 50;
/** Every so manieth question of the episodes is measured too. */
const KEEP_EVERY = 7;
const FIRST_SEED = 20_000;

interface Question {
  readonly setpoint: Float64Array;
  readonly by: Situation;
}
type Task = { config: RunConfig; world: PegWorld; base: BasePolicy };

const noBudget = { isUp: () => false };
const nothing = (): Foresight => ({ what: 0, value: 0, limit: 0, after: 0 });

/**
 * What the model-based guard costs and what it is worth: the time of a check for several time steps of its physics beside
 * the bare physics step, interleaved; and in episodes, how often it cries for nothing and how many violations it foresees.
 */
export async function benchGuard(given: RunConfig, { samples = 2000 }: BenchOptions): Promise<Outcome> {
  const { world: peg } = given.task;
  if (peg === undefined) throw new Error('this bench needs a task with a simulated world');
  const guard = given.safety.guard ?? safetySchema.shape.guard.unwrap().parse({ model: peg.model });
  const config: RunConfig = { ...given, safety: { ...given.safety, guard } };
  const make = async (timestepUs: number) =>
    new MujocoGuard(
      await Rollout.load(config.robot, guard.model, timestepUs / 1e6, guard.target_error),
      config,
      guard.horizon_ms / 1e3,
    );
  const episodes = Math.max(1, Math.ceil(samples / CHECKS_PER_EPISODE));
  const world = await PegWorld.load(config.robot, config.task, peg.model);
  const base = createBase(config.policies.base);
  const judge = await make(guard.timestep_us);
  const questions: Question[] = [];
  const answers = [
    ...shadowed(
      'expert',
      { config: stepwise(config), world, base: expertOf(world, base.observationSize) },
      judge,
      episodes,
      [],
    ),
    ...shadowed('base', { config, world, base }, judge, episodes, questions),
    ...acting({ config, world, base }, judge, episodes),
  ];
  judge.dispose();
  world.dispose();
  const guards = await Promise.all(TIMESTEPS_US.map(make));
  const costs = await timed(guards, questions, guard.model, guard.timestep_us, samples);
  for (const g of guards) g.dispose();
  return {
    results: [...costs, ...answers],
    notes: [
      `a check ends when the model is at rest, and at ${guard.horizon_ms} ms; the model knows the hole by its estimate`,
      `episodes: seeds from ${FIRST_SEED}; timestep ${guard.timestep_us} µs; a violation is the task's own`,
    ],
  };
}

/** Checks and bare steps in turns, over the questions that the base policy's episodes asked. */
async function timed(
  guards: readonly MujocoGuard[],
  questions: readonly Question[],
  model: string,
  timestepUs: number,
  samples: number,
): Promise<Row[]> {
  const bare = await Physics.load(readFileSync(model, 'utf8'), timestepUs / 1e6);
  const us = guards.map(() => new Float64Array(samples));
  const steps = guards.map(() => new Float64Array(samples));
  const perStep = new Float64Array(samples);
  const bareUs = new Float64Array(samples);
  const seen = nothing();
  const warm = Math.min(samples, 200);
  for (let n = -warm; n < samples; n++) {
    const { setpoint, by } = questions[(n + warm) % questions.length]!;
    guards.forEach((guard, g) => {
      const at = performance.now();
      guard.check(setpoint, by, noBudget, seen);
      const took = (performance.now() - at) * 1000;
      if (n < 0) return;
      us[g]![n] = took;
      steps[g]![n] = guard.steps;
      if (g === 0) perStep[n] = took / guard.steps;
    });
    bare.qpos.set(by.state.position);
    const at = performance.now();
    for (let k = 0; k < 10; k++) {
      bare.step1();
      bare.step2();
    }
    if (n >= 0) bareUs[n] = ((performance.now() - at) * 1000) / 10;
  }
  bare.dispose();
  const step = rowOf('step', 'ours, servo and sensor with it', 'us', perStep);
  const fits = RATES_HZ.map((hz): Row => {
    const has = (SHARE * 1e6) / hz;
    const row = { case: `steps in ${100 * SHARE} % of a tick at ${hz} Hz`, subject: 'ours', unit: 'steps' };
    // Few steps fit where a step is slow: p99 is the bad end.
    return {
      ...row,
      p50: Math.floor(has / step.p50),
      p99: Math.floor(has / step.p99),
      max: Math.floor(has / step.p50),
      samples,
    };
  });
  return [
    ...guards.flatMap((_, g) => [
      rowOf(`check at ${TIMESTEPS_US[g]} us`, 'ours', 'us', us[g]!),
      rowOf(`check at ${TIMESTEPS_US[g]} us`, 'ours', 'steps', steps[g]!),
    ]),
    step,
    rowOf('step', 'mj_step', 'us', bareUs),
    ...fits,
  ];
}

/** Episodes with a guard that is asked and not heeded: what it says beside what comes. */
function shadowed(name: string, task: Task, judge: Guard, episodes: number, questions: Question[]): Row[] {
  let alarms = 0;
  let asked = 0;
  const shadow: Guard = {
    check(setpoint, by, _budget, out) {
      if (asked++ % KEEP_EVERY === 0) questions.push({ setpoint: setpoint.slice(), by: structuredClone(by) });
      judge.check(setpoint, by, noBudget, out);
      // What is told once it has happened is not foreseen.
      if (out.what !== 0 && !task.world.episode().violation) alarms++;
      out.what = 0;
    },
  };
  const run = new InProcessRun({ ...task, residual: noResidual, critic: carefree, guard: shadow });
  const counts = { violations: 0, foreseen: 0, false: 0 };
  for (let i = 0; i < episodes; i++) {
    alarms = 0;
    const { episode } = run.episode(FIRST_SEED + i);
    if (episode.violation) counts.violations++;
    if (episode.violation && alarms > 0) counts.foreseen++;
    if (!episode.violation && alarms > 0) counts.false++;
  }
  return [
    counted(`${name}: violations`, counts.violations, episodes),
    counted(`${name}: violations foreseen`, counts.foreseen, counts.violations),
    counted(`${name}: false alarms`, counts.false, episodes - counts.violations),
  ];
}

/** The same episodes of the base with a guard that is heeded. */
function acting(task: Task, guard: Guard, episodes: number): Row[] {
  const run = new InProcessRun({ ...task, residual: noResidual, critic: carefree, guard });
  const counts = { violations: 0, successes: 0, stops: 0 };
  for (let i = 0; i < episodes; i++) {
    const { episode, ended } = run.episode(FIRST_SEED + i);
    if (episode.violation) counts.violations++;
    if (episode.success) counts.successes++;
    if (ended.startsWith('foreseen_')) counts.stops++;
  }
  return [
    counted('base, guard heeded: violations', counts.violations, episodes),
    counted('base, guard heeded: stops', counts.stops, episodes),
    counted('base, guard heeded: successes', counts.successes, episodes),
  ];
}

const counted = (name: string, count: number, of: number): Row => ({
  ...{ case: name, subject: 'ours', unit: 'episodes', p50: rounded(count), p99: rounded(count), max: rounded(count) },
  samples: of,
});
