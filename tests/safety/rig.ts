import { expect } from 'vitest';
import { TYPES } from '../../bridges/messages/messages.ts';
import { validate } from '../../bridges/rosbridge/validate.ts';
import { admissible, type Judged, REFUSAL } from '../../controllers/safety/cartesian/admissible.ts';
import { type CartesianLimits, cartesianLimits } from '../../controllers/safety/cartesian/limits.ts';
import type { GateCounters, GateParts } from '../../controllers/safety/gate.ts';
import { isEngaged } from '../../controllers/safety/ladder.ts';
import type { Decision, RobotState, SafeAction, SentCommand } from '../../src/core/signals.ts';
import { StateAssembler } from '../../src/pipeline/assemble.ts';
import { MS, Rig, robot, safetyOf } from '../controllers/safety/rig.ts';
import type { Shown } from './scenario.ts';

/** Commands that a rig remembers at most. */
const REMEMBERED = 20_000;

/**
 * The gate's rig with a judge on the wire: every command is held against every limit by a memory of its own (the last
 * command sent, the last state that the gate took), against order, and against what its mode may say. No scenario ends
 * with an unlimited or non-finite command, because none gets past here.
 */
export class Watched extends Rig {
  /** Setpoints of the last commands, in order, with what made them. */
  readonly wire: { setpoint: number[]; source: string; mode: string; epoch: number; seq: number }[] = [];
  readonly #limits: CartesianLimits;
  readonly #trusted = Float64Array.of(0.5, 0, 0.2, 0, 0, 0, 1);
  readonly #judged: { -readonly [K in keyof Judged]: Judged[K] };
  readonly #leaseNs: number;
  #lastNs = 0;
  #result: SentCommand | null = null;

  constructor(changes: Record<string, unknown> = {}, parts: Partial<GateParts> = {}) {
    super(changes, parts);
    const safety = parts.safety ?? safetyOf(changes);
    this.#limits = cartesianLimits(safety);
    this.#leaseNs = safety.lease_ms * 1e6;
    this.#judged = {
      last: new Float64Array(9),
      pose: this.#trusted,
      force: new Float64Array(3),
      elapsed: 0,
      target: Float64Array.of(0.5, 0, 0.05),
      reference: Float64Array.of(0, 0, 0, 1),
    };
  }

  override deliver(state: RobotState): void {
    const before = this.gate.counters.states;
    this.toGate(state);
    if (this.gate.counters.states > before) this.#trusted.set(state.pose);
  }

  protected toGate(state: RobotState): void {
    this.gate.ingestState(state);
  }

  /** Decisions by themselves move the robot to and fro, never with the same action twice. */
  wandering = false;
  tickCount = 0;
  #wanders = 0;

  override think(changes: Partial<Decision> = {}): void {
    const base = new Float64Array(4);
    if (this.wandering && changes.base === undefined) {
      const n = this.#wanders++;
      base.set([(Math.floor(n / 20) % 2 === 0 ? 1 : -1) * (0.5 + 0.01 * Math.sin(n)), 0.1, 0, 0]);
    } else base.set(this.decision.base);
    super.think({ base, ...changes });
    if (this.wandering) this.decision = { ...this.decision, base: new Float64Array(4), residual: new Float64Array(4) };
  }

  override must(kind: Parameters<Rig['must']>[0]): void {
    super.must(kind);
    if (kind !== 'arm') return;
    this.#judged.last.set([...this.#trusted, 2000, 150]);
    this.#judged.reference.set(this.#trusted.subarray(3));
    this.#lastNs = this.nowNs;
  }

  override tick(count = 1): SafeAction | null {
    let out: SafeAction | null = null;
    for (let n = 0; n < count; n++) {
      this.tickCount++;
      out = super.tick();
      if (out !== null) this.#judge(out);
    }
    return out;
  }

  /** A real bridge, where there is one. */
  answer: ((action: SafeAction) => SentCommand) | null = null;

  override send(action: SafeAction): SentCommand {
    this.#result = this.answer?.(action) ?? super.send(action);
    return this.#result;
  }

  #judge(a: SafeAction): void {
    const j = this.#judged;
    j.elapsed = (a.stampNs - this.#lastNs) / 1e9;
    // A robot that heard nothing for a lease has let go: what comes then is measured from where it stands.
    if (a.stampNs - this.#lastNs > this.#leaseNs) {
      j.last.set(this.#trusted);
      j.elapsed = 0;
    }
    const refusal = a.setpoint.every(Number.isFinite) ? REFUSAL[admissible(a.setpoint, j, this.#limits)] : 'finite';
    if (refusal !== '') throw new Error(`${a.mode}/${a.source} command breaks ${refusal}: ${a.setpoint}`);
    const before = this.wire.at(-1);
    if (before && !(a.seq > before.seq && a.epoch >= before.epoch)) throw new Error(`command ${a.seq} is out of order`);
    const wrong = a.mode === 'STOPPING' || a.mode === 'ESTOP' ? a.source !== 'brake' : false;
    if (wrong || ['BOOT', 'DISARMED', 'FAULT'].includes(a.mode)) throw new Error(`${a.source} in ${a.mode}`);
    if (this.wire.length >= REMEMBERED) this.wire.splice(0, REMEMBERED / 2);
    this.wire.push({ setpoint: [...a.setpoint], source: a.source, mode: a.mode, epoch: a.epoch, seq: a.seq });
    if (this.#result?.sent !== true) return;
    j.last.set(a.setpoint);
    this.#lastNs = a.stampNs;
  }

  /** A step of the clock without a tick. */
  later(ms: number): void {
    this.nowNs += ms * MS;
  }

  /** Answers the present incident, arms, engages. */
  restart(): this {
    const answer = this.gate.request({ kind: 'reset', incident: this.gate.incident }, this.nowNs);
    expect(answer).toEqual({ accepted: true, reason: '' });
    this.tick();
    this.arm().engage();
    while (this.gate.mode === 'ENGAGING') this.tick();
    return this;
  }
}

interface JointStateLike {
  header: object;
  name: string[];
  position: unknown[];
  velocity: unknown[];
  effort: unknown[];
}

/** States come as ROS messages: through the client's checks and the assembler. */
export class MessageRig extends Watched {
  readonly assembler = new StateAssembler(robot);
  malformed = 0;
  /** What becomes of a joint state on its way: none, one or several messages. */
  way: (message: JointStateLike) => unknown[] = (message) => [message];

  protected override toGate(state: RobotState): void {
    const { stampNs } = state;
    const header = { stamp: { sec: Math.floor(stampNs / 1e9), nanosec: stampNs % 1e9 }, frame_id: 'base' };
    const [x, y, z, qx, qy, qz, qw] = state.pose;
    const pose = { position: { x, y, z }, orientation: { x: qx, y: qy, z: qz, w: qw } };
    const [fx, fy, fz, tx, ty, tz] = state.wrench;
    const wrench = { force: { x: fx, y: fy, z: fz }, torque: { x: tx, y: ty, z: tz } };
    this.#frame('/ee_pose', TYPES.poseStamped, { header, pose }, state.receivedNs);
    this.#frame('/wrench', TYPES.wrenchStamped, { header, wrench }, state.receivedNs);
    const joints = { header, name: ['a', 'b'], position: [...state.position], velocity: [...state.velocity] };
    for (const m of this.way({ ...joints, effort: [...state.effort] }))
      this.#frame('/joint_states', TYPES.jointState, m, state.receivedNs);
  }

  #frame(topic: string, type: string, message: unknown, receivedNs: number): void {
    if (validate(type, message) !== null) {
      this.malformed++;
      return;
    }
    const state = this.assembler.accept({ topic, type, message, receivedNs, linkEpoch: 1 });
    if (state !== null) this.gate.ingestState(state);
  }
}

export interface Stop {
  cause: string;
  value?: number;
  limit?: number;
  margin?: number;
  /** A counter that must have grown. */
  counter?: keyof GateCounters;
  /** Ends the fault, once the robot was braked: the stop stays. */
  heal?: () => void;
  /** Mode of the stop. */
  to?: 'STOPPING' | 'ESTOP';
}

/**
 * Lets a fault arise just after a tick, the worst moment, and ticks until the policy has no say. Then: the transition and
 * the record say why, with numbers; the same tick braked; counters grew; and what was latched stays so when the fault goes.
 */
export function stops(rig: Watched, fault: () => void, expected: Stop): Shown {
  const { gate } = rig;
  const { cause, value, limit, margin, counter, heal, to = 'STOPPING' } = expected;
  const counted = counter === undefined ? 0 : (gate.counters[counter] as number);
  const { incident } = gate;
  const from = rig.nowNs;
  const known = rig.transitions.length;
  fault();
  let out: SafeAction | null = null;
  for (let n = 0; n < 1000 && (n === 0 || isEngaged(gate.mode) || gate.mode === 'HOLD'); n++) out = rig.tick();
  const toSafeMs = (rig.nowNs - from) / MS;

  const transition = rig.transitions.slice(known).find((t) => t.to === to);
  expect(rig.path.slice(known)).toContain(`${to}(${cause})`);
  expect(transition?.incident).toBe(incident + 1);
  expect(transition?.detail).not.toContain('{');
  if (value !== undefined) expect(transition?.value).toBeCloseTo(value, 6);
  if (limit !== undefined) expect(transition?.limit).toBeCloseTo(limit, 6);
  if (margin !== undefined) expect(transition?.margin).toBeCloseTo(margin, 6);
  expect(out?.source).toBe('brake');
  expect(gate.record).toMatchObject({ cause, value: transition?.value, limit: transition?.limit });
  if (counter !== undefined) expect(gate.counters[counter]).toBeGreaterThan(counted);
  expect(gate.counters.interventionsBy[cause]).toBeGreaterThan(0);

  heal?.();
  rig.tick(250);
  expect(isEngaged(gate.mode)).toBe(false);
  expect(rig.wire.slice(-100).every((c) => c.source !== 'policy')).toBe(true);
  const after = rig.path.slice(known);
  return { outcome: after.slice(after.indexOf(`${to}(${cause})`)).join(' → '), toSafeMs };
}

/** A running robot: ACTIVE, moving sideways. */
export const moving = (changes: Record<string, unknown> = {}, parts: Partial<GateParts> = {}): Watched =>
  inMotion(new Watched(changes, parts));

export function inMotion<R extends Watched>(rig: R): R {
  rig.active();
  rig.wandering = true;
  rig.tick(20);
  return rig;
}
