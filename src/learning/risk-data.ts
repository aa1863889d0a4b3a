/**
 * Data for the risk critic, a row a *fast* transition: what a tick of the gate sees, in episodes of the policies themselves and of rougher
 * versions of them (more stiffness, more noise), with the gate's force rules out of the way, so that there are violations
 * to learn from.
 */
import { PegWorld } from '../../bridges/mujoco/world.ts';
import { commandInterface } from '../../controllers/interfaces/index.ts';
import { SLOWEST } from '../../controllers/safety/critic.ts';
import type { BasePolicy, ResidualPolicy } from '../../policies/policy.ts';
import type { RunConfig } from '../core/config-schema.ts';
import { type Random, SeededRandom } from '../core/random.ts';
import { makeRobotState } from '../core/signals.ts';
import { worldOf } from '../core/task-world.ts';
import { InProcessRun } from '../pipeline/in-process.ts';
import type { CourseHooks } from './course.ts';
import { carefree } from './demonstrations.ts';
import { withoutForceRules } from './environments/peg.ts';

/** What is called a violation in training, as a share of the limit: to see danger before it is one. */
export const VIOLATION_SHARE = 0.93;

export interface RiskData {
  /** State and aim of a tick, as the critic in the gate is asked; of an episode the newest first. */
  rows: Float64Array[];
  /** γ_fast^(ticks to the violation), 0 when none follows: the Monte-Carlo return of danger. */
  labels: number[];
  /** Whether the limit is broken in this tick. */
  violated: boolean[];
  /** Index of the episode that each row came from. */
  episode: number[];
  /** Of each episode: whether it ended without a future, or was cut by the clock. */
  terminated: boolean[];
  /** Episodes with a violation. */
  violations: number;
}

export interface RiskCollection extends CourseHooks {
  seed: number;
  /** Episodes to collect. */
  episodes: number;
  /** Discount of danger per decision. */
  gamma: number;
}

/** γ_fast of the run: as much of a danger is left a decision away. */
export const fastDiscountOf = ({ task }: RunConfig, gamma: number): number =>
  gamma ** (task.decision_hz / worldOf(task).state_hz);

/** Rough episodes through the pipeline, with the gate's force rules moved out of the way; told to end, those that there are. */
export async function collectRisk(
  config: RunConfig,
  base: BasePolicy,
  residual: ResidualPolicy,
  options: RiskCollection,
): Promise<RiskData> {
  const rough = structuredClone(config);
  withoutForceRules(rough);
  const limit = VIOLATION_SHARE * config.safety.force_limit;
  const gammaFast = fastDiscountOf(config, options.gamma);
  const random = new SeededRandom(options.seed).fork('risk');
  const world = await PegWorld.load(config.robot, config.task, worldOf(config.task).model);
  const state = makeRobotState(config.robot.joints.length);
  const kinematics = commandInterface(config.robot);
  const data: RiskData = { rows: [], labels: [], violated: [], episode: [], terminated: [], violations: 0 };
  const noisy = roughened(base, residual, random);
  const run = new InProcessRun({ config: rough, world, base: noisy.base, residual: noisy.residual, critic: carefree });
  let rows: Float64Array[] = [];
  let forces: number[] = [];
  run.ticked$.subscribe((record) => {
    if ((record.mode !== 'ACTIVE' && record.mode !== 'ENGAGING') || Number.isNaN(record.aim[0]!)) return;
    world.readState(state);
    const row = new Float64Array(kinematics.riskInputSize);
    kinematics.riskInput(state, world.estimate, record.aim, row, 0);
    rows.push(row);
    forces.push(Math.hypot(state.wrench[0]!, state.wrench[1]!, state.wrench[2]!));
  });
  for (let e = 0; e < options.episodes && !options.signal?.aborted; e++) {
    rows = [];
    forces = [];
    const pace = noisy.next();
    run.gate.request({ kind: 'speed_scale', value: pace }, run.clock.nowNs());
    const { episode } = run.episode(2_000_000 + options.seed * 10_000 + e);
    let toViolation = Number.POSITIVE_INFINITY;
    for (let t = rows.length - 1; t >= 0; t--) {
      const violated = forces[t]! > limit;
      toViolation = violated ? 0 : toViolation + 1;
      data.rows.push(rows[t]!);
      data.labels.push(toViolation === Number.POSITIVE_INFINITY ? 0 : gammaFast ** toViolation);
      data.violated.push(violated);
      data.episode.push(e);
    }
    data.terminated.push(episode.phase !== 'timeout');
    if (toViolation !== Number.POSITIVE_INFINITY) data.violations++;
    options.onProgress?.({ phase: 'episodes', done: e + 1, of: options.episodes, figures: {} });
    if (e % 10 === 9) await new Promise((resolve) => setImmediate(resolve));
  }
  world.dispose();
  return data;
}

/**
 * The base, episode by episode a little stiffer, faster and noisier than it is, and with the residual or without: the
 * critic is asked about both, since it may cut the residual.
 */
function roughened(base: BasePolicy, residual: ResidualPolicy, random: Random) {
  let noise = 0;
  let stiffer = 0;
  let faster = 1;
  let corrected = true;
  return {
    /** Returns the episode's speed scale. */
    next(): number {
      const asIs = random.uniform() < 0.3;
      noise = asIs ? 0 : random.range(0, 0.5);
      stiffer = asIs ? 0 : random.range(-0.5, 1);
      faster = asIs ? 1 : random.range(0.8, 1.6);
      corrected = random.uniform() < 0.5;
      return asIs || random.uniform() < 0.4 ? 1 : random.range(SLOWEST, 1);
    },
    residual: {
      ...residual,
      infer(observation, action, out) {
        if (corrected) residual.infer(observation, action, out);
        else out.fill(0);
      },
    } satisfies ResidualPolicy,
    base: {
      ...base,
      infer(observation, chunk) {
        void base.infer(observation, chunk);
        for (let i = 0; i < chunk.length; i++) {
          const axis = i % base.actionSize;
          const v = axis === 3 ? chunk[i]! + stiffer : axis === 2 ? chunk[i]! * faster : chunk[i]!;
          chunk[i] = Math.max(-1, Math.min(1, v + (axis < 3 ? noise * random.normal() : 0)));
        }
      },
    } satisfies BasePolicy,
  };
}
