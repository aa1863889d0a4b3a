import type { CommandInterface } from '../../controllers/interfaces/interface.ts';
import { Gate } from '../../controllers/safety/gate.ts';
import type { RiskCritic } from '../../policies/policy.ts';
import { VirtualClock } from '../core/clock.ts';
import type { RunConfig } from '../core/config-schema.ts';
import { clamp } from '../core/geometry.ts';
import {
  type Decision,
  makeRobotState,
  type OperatorRequest,
  type RangeReading,
  type RobotState,
  type SafeAction,
} from '../core/signals.ts';

/** How far above the task's target it is, m: free space, where a critic has nothing to say. */
const HEIGHT = 0.15;
/** Around a mobile base obstacles stand in a circle of this radius, m. */
const RING = 1.5;
const RING_POINTS = 32;
/** Longest way to ACTIVE, ticks. */
const PATIENCE = 1000;

/** What an operator asks for in a mode to get one step nearer to ACTIVE. */
const NEXT = { STOPPED: 'reset', ESTOP: 'reset', DISARMED: 'arm', HOLD: 'engage' } as const;

/**
 * A real gate in virtual time with made-up inputs: a robot in the middle of its joints and above the task's target, with
 * a little noise as a sensor has, that stands still, and a policy that asks for next to nothing, to and fro. No rule of
 * any command interface finds fault with that. A step allocates nothing of its own.
 */
export class SyntheticRobot {
  readonly gate: Gate;
  protected readonly state: RobotState;
  protected readonly decision: { -readonly [K in keyof Decision]: Decision[K] };
  readonly #clock = new VirtualClock(1e9);
  readonly #periodNs: number;
  readonly #ticksPerDecision: number;
  readonly #lifetimeNs: number;
  readonly #position: Float64Array;
  readonly #pose: Float64Array;
  readonly #result = { sent: true, refused: null, epoch: 0, seq: 0, sentNs: 0 };
  readonly #readings: { -readonly [K in keyof RangeReading]: RangeReading[K] }[];
  #ticks = 0;

  constructor({ robot, safety, task }: RunConfig, iface: CommandInterface, critic: RiskCritic) {
    this.#periodNs = 1e9 / safety.control_hz;
    this.#ticksPerDecision = Math.max(1, Math.round(safety.control_hz / task.decision_hz));
    this.#lifetimeNs = safety.decision_age_ms * 1e6;
    this.state = makeRobotState(robot.joints.length);
    this.#position = Float64Array.from(robot.joints, ({ position: [low, high] }) => (low + high) / 2);
    const box = safety.pose_box;
    const middle = box?.min.map((low, i) => (low + box.max[i]!) / 2) ?? [0, 0, 0];
    const [x, y, z] = (task.world?.hole_nominal ?? middle) as [number, number, number];
    this.#pose = Float64Array.of(x, y, z + HEIGHT, 0, 0, 0, 1);
    if (box !== undefined) for (let i = 0; i < 3; i++) this.#pose[i] = clamp(this.#pose[i]!, box.min[i]!, box.max[i]!);
    const zeros = () => new Float64Array(iface.actionSize);
    this.decision = {
      ...{ epoch: 0, seq: 0, observationSeq: 0, observationStampNs: 0, observedNs: 0, expiresNs: 0 },
      ...{ base: zeros(), residual: zeros() },
    };
    const ring = Float64Array.from({ length: 2 * RING_POINTS }, (_, i) => {
      const angle = (Math.floor(i / 2) * 2 * Math.PI) / RING_POINTS;
      return RING * (i % 2 === 0 ? Math.cos(angle) : Math.sin(angle));
    });
    this.#readings = robot.ranging.map((_, sensor) => ({
      ...{ sensor, stampNs: 0, receivedNs: 0, points: ring },
      ...{ beams: RING_POINTS, invalid: 0, count: RING_POINTS },
    }));
    this.gate = new Gate({ safety, robot, interface: iface, critic, epochBase: 1, onTransition: () => {} });
    this.gate.boot(this.nowNs);
    this.gate.observeLink(true, 1, this.nowNs);
    this.gate.ingestTarget(Float64Array.of(x, y, z, 0, 0, 0, 1), this.nowNs);
  }

  get nowNs(): number {
    return this.#clock.nowNs();
  }

  /** Arms and engages, after a stop once more, until it is ACTIVE; false when it does not get there. */
  engage(): boolean {
    for (let i = 0; i < PATIENCE && this.gate.mode !== 'ACTIVE'; i++) {
      this.step();
      const kind = NEXT[this.gate.mode as keyof typeof NEXT] as (typeof NEXT)[keyof typeof NEXT] | undefined;
      if (kind === undefined) continue;
      const request: OperatorRequest = kind === 'reset' ? { kind, incident: this.gate.incident } : { kind };
      this.gate.request(request, this.nowNs);
    }
    return this.gate.mode === 'ACTIVE';
  }

  /** One control period: state in, decision when one is due, tick, outcome. Returns what was sent. */
  step(): SafeAction | null {
    this.#clock.advance(this.#periodNs);
    const { nowNs, state } = this;
    state.seq++;
    state.stampNs = nowNs;
    state.receivedNs = nowNs;
    // A frozen sensor is a fault of its own.
    for (let i = 0; i < 6; i++) state.wrench[i] = ((state.seq * 37 + i) % 101) * 1e-4;
    this.sense();
    this.gate.ingestState(state);
    for (let i = 0; i < this.#readings.length; i++) {
      const reading = this.#readings[i]!;
      reading.stampNs = nowNs;
      reading.receivedNs = nowNs;
      this.gate.ingestRange(reading);
    }
    if (this.#ticks++ % this.#ticksPerDecision === 0) this.#decide();
    const action = this.gate.tick(nowNs);
    if (action === null) return null;
    this.#result.epoch = action.epoch;
    this.#result.seq = action.seq;
    this.#result.sentNs = nowNs;
    this.gate.sent(this.#result);
    this.obey(action);
    return action;
  }

  #decide(): void {
    const d = this.decision;
    d.epoch = this.gate.epoch;
    d.seq++;
    d.observationSeq = this.state.seq;
    d.observationStampNs = this.nowNs;
    d.observedNs = this.nowNs;
    d.expiresNs = this.nowNs + this.#lifetimeNs;
    this.decide();
    this.gate.ingestDecision(d);
  }

  /** Writes where the robot is. */
  protected sense(): void {
    const tremble = ((this.state.seq * 29) % 31) * 1e-8;
    for (let i = 0; i < this.#position.length; i++) this.state.position[i] = this.#position[i]! + tremble;
    this.state.pose.set(this.#pose);
    this.state.pose[0] = this.#pose[0]! + tremble;
  }

  /** Writes what the policy wants. */
  protected decide(): void {
    const { base, residual, seq } = this.decision;
    base.fill(((seq % 5) - 2) * 1e-3);
    residual.fill(((seq % 3) - 1) * 1e-4);
  }

  /** What the robot does with a command. */
  protected obey(_action: SafeAction): void {}
}
