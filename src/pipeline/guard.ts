import { Rollout } from '../../bridges/mujoco/rollout.ts';
import { commandInterface } from '../../controllers/interfaces/index.ts';
import { type Braking, makeBraking } from '../../controllers/safety/braking.ts';
import type { Situation } from '../../controllers/safety/envelope.ts';
import { type Budget, FORESEEN, type Foresight, type Guard } from '../../controllers/safety/guard.ts';
import type { LookaheadParts } from '../../controllers/safety/lookahead.ts';
import { jointLimit } from '../../controllers/safety/rules/joint-limit.ts';
import { workspace } from '../../controllers/safety/rules/workspace.ts';
import type { Clock } from '../core/clock.ts';
import type { RunConfig } from '../core/config-schema.ts';
import { makeRobotState } from '../core/signals.ts';

const WHAT = {
  none: 0,
  limit: FORESEEN.indexOf('limit'),
  workspace: FORESEEN.indexOf('workspace'),
  force: FORESEEN.indexOf('force'),
};

/** Checks before the first that counts. */
const WARM_UP_CHECKS = 100;
/** Ticks in a row below the speed of rest after which the robot has come to rest: a turning point is none. */
const REST_TICKS = 2;

/**
 * Asks the physics: this setpoint for one tick, then the braking law tick by tick until the robot is at rest, and no longer
 * than the horizon. It foresees what the
 * rules `joint_limit`, `workspace` and `force_limit` would stop for once it is measured, with their margins; a rule that
 * is off is not foreseen either.
 *
 * NOTE the model is what it knows. The measured state is the robot's; the place of the hole is the estimate.
 */
export class MujocoGuard implements Guard {
  /** Physics steps of the last check. */
  steps = 0;
  readonly #rollout: Rollout;
  readonly #braking: Braking;
  readonly #bounds: Bounds;
  readonly #setpoint: Float64Array;
  readonly #periodS: number;
  readonly #stepsPerTick: number;
  readonly #horizon: number;
  readonly #restSpeed: number;

  constructor(rollout: Rollout, config: RunConfig, horizonS: number) {
    const { safety, robot } = config;
    this.#rollout = rollout;
    this.#braking = makeBraking(safety, robot);
    this.#bounds = boundsOf(config);
    this.#setpoint = new Float64Array(commandInterface(robot).setpointSize);
    this.#periodS = 1 / safety.control_hz;
    this.#stepsPerTick = Math.max(1, Math.round(this.#periodS / rollout.timestep));
    this.#horizon = Math.ceil(horizonS / rollout.timestep - 1e-9);
    this.#restSpeed = safety.joints.stop_speed;
  }

  check(setpoint: Float64Array, by: Situation, budget: Budget, out: Foresight): void {
    // REAL-TIME: every tick in which a policy writes; the physics allocates its views, nothing here does.
    const r = this.#rollout;
    this.steps = 0;
    r.begin(by.state, by.last, by.target);
    this.#braking.begin(setpoint, by.last);
    r.command(setpoint, this.#periodS);
    let resting = 0;
    while (this.steps < this.#horizon) {
      if (this.steps > 0 && this.steps % this.#stepsPerTick === 0) {
        resting = r.speed < this.#restSpeed ? resting + 1 : 0;
        if (resting > REST_TICKS) break;
        this.#braking.next(r.pose, this.#setpoint);
        r.command(this.#setpoint, this.#periodS);
      }
      r.step();
      this.steps++;
      out.after = this.steps * r.timestep;
      if (this.#breaks(out) || budget.isUp()) return;
    }
    out.what = WHAT.none;
  }

  /** Whether the state that the physics came to is outside a bound; then `out` says which. */
  #breaks(out: Foresight): boolean {
    const { min, max, boxMin, boxMax, planes, force } = this.#bounds;
    const { position, pose, force: pushed } = this.#rollout;
    for (let i = 0; i < min.length; i++) {
      const at = position[i]!;
      if (!Number.isFinite(at)) throw new Error('the simulation is unstable');
      if (at < min[i]!) return says(out, WHAT.limit, at, min[i]!);
      if (at > max[i]!) return says(out, WHAT.limit, at, max[i]!);
    }
    for (let i = 0; i < boxMin.length; i++) {
      if (!(pose[i]! >= boxMin[i]!)) return says(out, WHAT.workspace, pose[i]!, boxMin[i]!);
      if (!(pose[i]! <= boxMax[i]!)) return says(out, WHAT.workspace, pose[i]!, boxMax[i]!);
    }
    for (let k = 0; k < planes.length; k++) {
      const p = planes[k]!;
      const at = p[0]! * pose[0]! + p[1]! * pose[1]! + p[2]! * pose[2]!;
      if (!(at <= p[3]!)) return says(out, WHAT.workspace, at, p[3]!);
    }
    return pushed <= force ? false : says(out, WHAT.force, pushed, force);
  }

  /** Runs the path of a check until it is compiled: the first ones take ten times the time of the rest. */
  warmUp(config: RunConfig): void {
    const state = makeRobotState(config.robot.joints.length);
    config.robot.joints.forEach(({ position: [lo, hi] }, i) => {
      state.position[i] = (lo + hi) / 2;
    });
    const last = new Float64Array(this.#setpoint.length);
    commandInterface(config.robot).hold(state, last);
    const target = new Float64Array(7).fill(Number.NaN);
    const by: Situation = { last, state, force: new Float64Array(3), target, elapsed: this.#periodS, nowNs: 0 };
    const seen: Foresight = { what: 0, value: 0, limit: 0, after: 0 };
    for (let n = 0; n < WARM_UP_CHECKS; n++) this.check(last, by, { isUp: () => false }, seen);
  }

  dispose(): void {
    this.#rollout.dispose();
  }
}

function says(out: Foresight, what: number, value: number, limit: number): true {
  out.what = what;
  out.value = value;
  out.limit = limit;
  return true;
}

/** What a rollout is judged by; empty where nothing is. */
interface Bounds {
  /** rad, one a joint. */
  readonly min: Float64Array;
  readonly max: Float64Array;
  /** m */
  readonly boxMin: Float64Array;
  readonly boxMax: Float64Array;
  /** `[nx ny nz b]`, |n| = 1: n · tip ≤ b. */
  readonly planes: readonly Float64Array[];
  /** N */
  readonly force: number;
}

function boundsOf({ safety, robot }: RunConfig): Bounds {
  const marginOf = (rule: typeof jointLimit | typeof workspace): number =>
    safety.off.includes(rule.name)
      ? Number.POSITIVE_INFINITY
      : rule.options.parse(safety.rules?.[rule.name] ?? {}).margin;
  const joint = marginOf(jointLimit);
  const tip = marginOf(workspace);
  return {
    min: Float64Array.from(robot.joints, (j) => j.position[0] - joint),
    max: Float64Array.from(robot.joints, (j) => j.position[1] + joint),
    boxMin: Float64Array.from(safety.pose_box?.min ?? [], (v) => v - tip),
    boxMax: Float64Array.from(safety.pose_box?.max ?? [], (v) => v + tip),
    planes: safety.planes.map(({ normal, offset }) => {
      const length = Math.hypot(...normal);
      return Float64Array.from([...normal.map((v) => v / length), offset / length + tip]);
    }),
    force: safety.off.includes('force_limit') ? Number.POSITIVE_INFINITY : safety.force_limit,
  };
}

/**
 * The guard that the run asks for, warm.
 * @throws ReflexArcError RA_WORLD when its model cannot be used, RA_JOINT_NAMES when it is not of this robot
 */
export async function loadGuard(config: RunConfig): Promise<MujocoGuard | undefined> {
  const { guard } = config.safety;
  if (guard === undefined) return undefined;
  const rollout = await Rollout.load(config.robot, guard.model, guard.timestep_us / 1e6, guard.target_error);
  const made = new MujocoGuard(rollout, config, guard.horizon_ms / 1e3);
  made.warmUp(config);
  return made;
}

/** The guard with its budget. `clock`: the machine's, also where the robot's time is stepped. Throws as `loadGuard`. */
export async function lookAhead(config: RunConfig, clock: Clock): Promise<LookaheadParts | undefined> {
  const guard = await loadGuard(config);
  return guard && { guard, clock, budgetUs: config.safety.guard?.budget_us ?? 0 };
}
