import { allFinite } from '../../src/core/geometry.ts';
import {
  copyRobotState,
  type Decision,
  type Mode,
  makeRobotState,
  type RobotState,
  type SentCommand,
} from '../../src/core/signals.ts';
import { Ranging, type RangingLimits } from './ranging.ts';
import { type TakeoverCounters, TakeoverInput } from './takeover.ts';

/** What was wrong with an input that was refused. */
export const BAD = { none: 0, nonFinite: 1, shape: 2 } as const;
export type Bad = (typeof BAD)[keyof typeof BAD];

/** Counts since the start of the process; what is dropped is counted (house rule 9). */
export interface InputCounters extends TakeoverCounters {
  states: number;
  badStates: number;
  duplicateStates: number;
  outOfOrderStates: number;
  skewedStates: number;
  decisions: number;
  badDecisions: number;
  refusedEpoch: number;
  refusedSeq: number;
  residualClipped: number;
}

export const makeInputCounters = (): InputCounters => ({
  states: 0,
  badStates: 0,
  duplicateStates: 0,
  outOfOrderStates: 0,
  skewedStates: 0,
  decisions: 0,
  badDecisions: 0,
  refusedEpoch: 0,
  refusedSeq: 0,
  residualClipped: 0,
  takeovers: 0,
  refusedTakeovers: 0,
});

/** Modes without authority, in which the time base of the source may begin anew. */
const PASSIVE: Record<Mode, boolean> = {
  BOOT: true,
  DISARMED: true,
  HOLD: false,
  ENGAGING: false,
  ACTIVE: false,
  RECOVERY: false,
  STOPPING: false,
  STOPPED: true,
  ESTOP: true,
  FAULT: true,
};

export interface InputLimits {
  readonly joints: number;
  /** Messages that make a state. */
  readonly sources: number;
  /** Of each sensor that sees obstacles. */
  readonly ranging: readonly RangingLimits[];
  readonly actionSize: number;
  readonly residualBound: number;
  readonly forceFilterHz: number;
  readonly stateAgeNs: number;
  readonly decisionAgeNs: number;
  readonly takeoverAgeNs: number;
  /** Tip speed below which the robot is at rest, m/s. */
  readonly restSpeed: number;
  /** Speed of every joint below which the robot is at rest, rad/s; ∞ where the tip decides. */
  readonly restJointSpeed: number;
  /** Speed at which the pose turns below which the robot is at rest, rad/s; ∞ where it does not matter. */
  readonly restTurnSpeed: number;
  /** A state whose stamp lags the freshest delivery by more is a backlog. */
  readonly oldStampNs: number;
  /** A stamp this far ahead of every earlier delivery is from the future. */
  readonly futureStampNs: number;
}

/** How far in the future an observation may lie: two processes read one clock a moment apart. */
const AHEAD_NS = 1e6;

/** Normalised units that a policy which answers in [-1, 1] does not reach, whatever its noise. */
export const LARGE_ACTION = 1.5;

/** Share of a second by which the least delivery delay may grow in a second: follows the drift between two clocks. */
const DELAY_LEAK = 0.5;

/**
 * The newest trusted inputs, copied. What is not finite, not of the right shape, out of order or out of time is refused
 * whole and leaves no trace in any value (P8); it only raises a flag that the rules read at the next tick.
 *
 * Freshness is our own receive time; a stamp serves order, duplicates and skew only.
 */
export class Inputs {
  readonly state: RobotState;
  hasState = false;
  badState: Bad = BAD.none;
  /** States in a row whose stamp did not advance. */
  frozenStates = 0;
  /** States in a row that were older than one already taken. */
  disorderedStates = 0;
  /** States taken in a row with positions and pose the same to the last bit, and the motion asked since they changed. */
  unchangedStates = 0;
  askedMotion = 0;
  /** ns by which the last refused stamp was late, negative: early; 0 when the last one was in time. */
  skewNs = 0;
  /** Low-passed external force, N. */
  readonly force = new Float64Array(3);
  forceNorm = 0;
  /** Tip speed between the last two states, m/s. */
  speed = 0;
  /** Of the fastest joint between the last two states, rad/s. */
  jointSpeed = 0;
  /** At which the pose turned between the last two states, rad/s. */
  turnSpeed = 0;
  /** Newest usable message of each source, by our clock; -∞ before the first. */
  readonly heardNs: Float64Array;
  readonly ranging: Ranging;
  /** |Δ| of each joint between the last two states, rad, and the time between them, s. */
  readonly steps: Float64Array;
  stepSeconds = 0;

  readonly target = Float64Array.of(Number.NaN, Number.NaN, Number.NaN, 0, 0, 0, 1);
  hasTarget = false;

  readonly base: Float64Array;
  readonly residual: Float64Array;
  hasDecision = false;
  badDecision: Bad = BAD.none;
  decisionSeq = -1;
  observationSeq = -1;
  observedNs = 0;
  decisionExpiresNs = 0;
  /** Decisions in a row with the same action to the last bit; 0 while it is all zeros, and while a person decides. */
  sameDecisions = 0;
  /** Decisions in a row with an element of the base above LARGE_ACTION. */
  largeDecisions = 0;

  readonly takeover: TakeoverInput;

  linkUp = false;
  /** -1 before the first connection. */
  linkEpoch = -1;

  /** Commands in a row that the bridge refused: the socket was full; any other reason. */
  fullSends = 0;
  refusedSends = 0;

  readonly counters: InputCounters;
  readonly #limits: InputLimits;
  #leastDelayNs = 0;

  constructor(limits: InputLimits, counters: InputCounters = makeInputCounters()) {
    this.#limits = limits;
    this.counters = counters;
    this.state = makeRobotState(limits.joints);
    this.steps = new Float64Array(limits.joints);
    this.ranging = new Ranging(limits.ranging);
    this.heardNs = new Float64Array(limits.sources).fill(Number.NEGATIVE_INFINITY);
    this.base = new Float64Array(limits.actionSize);
    this.residual = new Float64Array(limits.actionSize);
    this.takeover = new TakeoverInput(limits.actionSize, limits.takeoverAgeNs, counters);
  }

  /** True when the state was taken. */
  ingestState(s: RobotState, mode: Mode): boolean {
    // REAL-TIME: at every state message; copies, never keeps a reference.
    this.badState = this.#judgeState(s);
    if (this.badState !== BAD.none) {
      this.counters.badStates++;
      return false;
    }
    const known = this.state;
    const silentNs = s.receivedNs - known.receivedNs;
    // Silence, or a clock that was set back: without authority the source's time base may begin anew.
    const stale = !(silentNs >= 0 && silentNs <= this.#limits.stateAgeNs);
    if (this.hasState && !(stale && PASSIVE[mode]) && !this.#inTime(s)) return false;
    const stampStep = s.stampNs - known.stampNs;
    const continues = this.hasState && stampStep > 0;
    this.speed = continues ? distance3(s.pose, known.pose) / (stampStep * 1e-9) : 0;
    this.turnSpeed = continues ? angleBetween(s.pose, known.pose) / (stampStep * 1e-9) : 0;
    this.#measureSteps(s, continues ? stampStep * 1e-9 : 0);
    this.#filterForce(s.wrench, continues ? stampStep * 1e-9 : Number.POSITIVE_INFINITY);
    if (!continues || stale) this.#leastDelayNs = s.receivedNs - s.stampNs;
    copyRobotState(s, known);
    this.hasState = true;
    this.frozenStates = 0;
    this.disorderedStates = 0;
    this.skewNs = 0;
    this.counters.states++;
    return true;
  }

  /** How far each joint moved in `seconds`, and whether anything moved at all; 0: this state has no predecessor. */
  #measureSteps(s: RobotState, seconds: number): void {
    const known = this.state;
    let largest = 0;
    let changed = seconds === 0;
    for (let i = 0; i < this.steps.length; i++) {
      const step = seconds > 0 ? Math.abs(s.position[i]! - known.position[i]!) : 0;
      this.steps[i] = step;
      largest = Math.max(largest, step);
    }
    if (largest > 0) changed = true;
    for (let i = 0; i < 7; i++) if (s.pose[i] !== known.pose[i]) changed = true;
    this.stepSeconds = seconds;
    this.jointSpeed = seconds > 0 ? largest / seconds : 0;
    this.unchangedStates = changed ? 0 : this.unchangedStates + 1;
    if (changed) this.askedMotion = 0;
  }

  #judgeState(s: RobotState): Bad {
    const n = this.#limits.joints;
    if (!isVector(s.position, n) || !isVector(s.velocity, n) || !isVector(s.effort, n)) return BAD.shape;
    if (!isVector(s.pose, 7) || !isVector(s.twist, 6) || !isVector(s.wrench, 6)) return BAD.shape;
    if (!Number.isFinite(s.stampNs) || !Number.isFinite(s.receivedNs) || !Number.isFinite(s.seq)) return BAD.nonFinite;
    if (!allFinite(s.position) || !allFinite(s.velocity) || !allFinite(s.effort)) return BAD.nonFinite;
    if (!allFinite(s.pose) || !allFinite(s.twist) || !allFinite(s.wrench)) return BAD.nonFinite;
    const norm = Math.hypot(s.pose[3]!, s.pose[4]!, s.pose[5]!, s.pose[6]!);
    return Math.abs(norm - 1) < 1e-3 ? BAD.none : BAD.shape;
  }

  /** Order and skew of a stamp. What is refused does not refresh freshness. */
  #inTime(s: RobotState): boolean {
    const known = this.state;
    if (s.stampNs < known.stampNs || s.receivedNs < known.receivedNs) {
      this.counters.outOfOrderStates++;
      this.disorderedStates++;
      return false;
    }
    if (s.stampNs === known.stampNs) {
      this.counters.duplicateStates++;
      this.frozenStates++;
      return false;
    }
    const delay = s.receivedNs - s.stampNs;
    const least = this.#leastDelayNs + DELAY_LEAK * (s.receivedNs - known.receivedNs);
    const late = delay - least;
    if (late > this.#limits.oldStampNs || -late > this.#limits.futureStampNs) {
      this.skewNs = late;
      this.counters.skewedStates++;
      return false;
    }
    this.#leastDelayNs = Math.min(delay, least);
    return true;
  }

  /** First-order low pass of the force: the violation limit is on the filtered norm (facts/peg.md 1). */
  #filterForce(wrench: Float64Array, dt: number): void {
    const share = 1 - Math.exp(-2 * Math.PI * this.#limits.forceFilterHz * dt);
    const f = this.force;
    for (let i = 0; i < 3; i++) f[i] = f[i]! + share * (wrench[i]! - f[i]!);
    this.forceNorm = Math.sqrt(f[0]! * f[0]! + f[1]! * f[1]! + f[2]! * f[2]!);
  }

  ingestTarget(pose: Float64Array): boolean {
    if (!isVector(pose, 7) || !allFinite(pose)) return false;
    this.target.set(pose);
    this.hasTarget = true;
    return true;
  }

  /** True when the decision was taken: newest wins, other epochs and old sequences are dropped and counted. */
  ingestDecision(d: Decision, epoch: number): boolean {
    if (d.epoch !== epoch) {
      this.counters.refusedEpoch++;
      return false;
    }
    if (!(d.seq > this.decisionSeq)) {
      // A sequence that is not a number is no sequence.
      if (Number.isFinite(d.seq)) this.counters.refusedSeq++;
      else this.#refuseDecision(BAD.nonFinite);
      return false;
    }
    const { actionSize, residualBound } = this.#limits;
    if (!isVector(d.base, actionSize) || !isVector(d.residual, actionSize)) return this.#refuseDecision(BAD.shape);
    if (!allFinite(d.base) || !allFinite(d.residual)) return this.#refuseDecision(BAD.nonFinite);
    if (!Number.isFinite(d.observedNs) || !Number.isFinite(d.expiresNs)) return this.#refuseDecision(BAD.nonFinite);
    this.sameDecisions = this.#repeats(d) ? this.sameDecisions + 1 : 0;
    this.largeDecisions = isLarge(d.base) ? this.largeDecisions + 1 : 0;
    this.base.set(d.base);
    this.residual.set(d.residual);
    for (let i = 0; i < actionSize; i++) {
      if (Math.abs(d.residual[i]!) > residualBound * (1 + 1e-9)) {
        this.counters.residualClipped++;
        break;
      }
    }
    this.decisionSeq = d.seq;
    this.observationSeq = d.observationSeq;
    this.observedNs = d.observedNs;
    this.decisionExpiresNs = d.expiresNs;
    this.hasDecision = true;
    this.counters.decisions++;
    return true;
  }

  /** The same action as before, to the last bit, and not the one that asks for nothing. */
  #repeats(d: Decision): boolean {
    let asks = false;
    for (let i = 0; i < this.base.length; i++) {
      if (d.base[i] !== this.base[i] || d.residual[i] !== this.residual[i]) return false;
      if (d.base[i] !== 0 || d.residual[i] !== 0) asks = true;
    }
    // A person who holds the robot still gives the policy the same to answer again and again.
    return asks && this.hasDecision && !this.takeover.held;
  }

  #refuseDecision(bad: Bad): false {
    this.badDecision = bad;
    this.counters.badDecisions++;
    return false;
  }

  /** A decision in time is there: its observation is young enough and not from the future, and it has not expired. */
  hasFreshDecision(nowNs: number): boolean {
    const age = nowNs - this.observedNs;
    const inTime = age <= this.#limits.decisionAgeNs && age >= -AHEAD_NS && nowNs <= this.decisionExpiresNs;
    return this.hasDecision && inTime;
  }

  /** Measured at rest, by a fresh state. */
  isAtRest(nowNs: number): boolean {
    const age = nowNs - this.state.receivedNs;
    const { stateAgeNs, restSpeed, restJointSpeed, restTurnSpeed } = this.#limits;
    const still = this.speed < restSpeed && this.jointSpeed < restJointSpeed && this.turnSpeed < restTurnSpeed;
    return this.hasState && age <= stateAgeNs && still;
  }

  /** What `skewNs` may be on its side, ns: so late, or so early (negative). */
  get skewLimitNs(): number {
    return this.skewNs > 0 ? this.#limits.oldStampNs : -this.#limits.futureStampNs;
  }

  /** Forgets the decision in force. `newEpoch`: nobody has taken over any longer, and sequences may begin anew. */
  dropDecision(newEpoch: boolean): void {
    this.hasDecision = false;
    this.badDecision = BAD.none;
    if (!newEpoch) return;
    this.decisionSeq = -1;
    this.takeover.drop(true);
  }

  /** The flags of this tick were read by the rules. */
  clearFlags(): void {
    this.badState = BAD.none;
    this.badDecision = BAD.none;
  }

  observeSend(result: SentCommand): void {
    const full = result.refused === 'backpressure';
    this.fullSends = full ? this.fullSends + 1 : 0;
    this.refusedSends = result.sent || full ? 0 : this.refusedSends + 1;
  }
}

/** A vector of `n` numbers: a Float64Array, so that null, text and booleans cannot be in it. */
const isVector = (v: unknown, n: number): boolean => v instanceof Float64Array && v.length === n;

function isLarge(base: Float64Array): boolean {
  for (let i = 0; i < base.length; i++) if (Math.abs(base[i]!) > LARGE_ACTION) return true;
  return false;
}

function distance3(a: Float64Array, b: Float64Array): number {
  const x = a[0]! - b[0]!;
  const y = a[1]! - b[1]!;
  const z = a[2]! - b[2]!;
  return Math.sqrt(x * x + y * y + z * z);
}

/** Angle between two orientations, rad; small ones are exact to about 1e-8. */
function angleBetween(a: Float64Array, b: Float64Array): number {
  const dot = a[3]! * b[3]! + a[4]! * b[4]! + a[5]! * b[5]! + a[6]! * b[6]!;
  return 2 * Math.acos(Math.min(Math.abs(dot), 1));
}
