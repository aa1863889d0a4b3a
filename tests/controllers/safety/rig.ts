import { cartesianImpedance } from '../../../controllers/interfaces/cartesian-impedance.ts';
import { Gate, type GateParts } from '../../../controllers/safety/gate.ts';
import type { RiskCritic } from '../../../policies/policy.ts';
import { type RobotConfig, robotSchema, type SafetyConfig, safetySchema } from '../../../src/core/config-schema.ts';
import {
  type Decision,
  type LadderTransition,
  makeRobotState,
  type RobotState,
  type SafeAction,
  type SentCommand,
  type Takeover,
} from '../../../src/core/signals.ts';

export const MS = 1e6;

export const robot: RobotConfig = robotSchema.parse({
  name: 'two-joint test robot',
  joints: ['a', 'b'].map((name) => ({
    name,
    position: [-1, 1],
    velocity: 1,
    acceleration: 1,
    jerk: 1,
    effort: 1,
  })),
  topics: {},
  interface: { type: 'cartesian_impedance' },
});

/** Limits with round numbers: 0.1 m/s at 100 Hz is 1 mm a tick. */
export const safetyOf = (changes: Record<string, unknown> = {}): SafetyConfig =>
  safetySchema.parse({ pose_box: { min: [0.3, -0.2, 0], max: [0.7, 0.2, 0.4] }, risk: {}, ...changes });

/** A critic whose answer is whatever `risk` says of a row. */
export class ScriptedCritic implements RiskCritic {
  readonly inputSize = 13;
  readonly sha256 = '';
  calls = 0;
  rows = 0;
  risk: (row: Float64Array, index: number) => number = () => 0;

  evaluate(inputs: Float64Array, count: number, risks: Float64Array): void {
    this.calls++;
    this.rows = count;
    for (let i = 0; i < count; i++) risks[i] = this.risk(inputs.subarray(i * 13, (i + 1) * 13), i);
  }
}

/** A gate, a robot that follows its setpoint at once, and a clock: 10 ms a tick, a decision every 50 ms. */
export class Rig {
  nowNs = 1e9;
  readonly critic = new ScriptedCritic();
  readonly transitions: LadderTransition[] = [];
  readonly gate: Gate;
  readonly state: RobotState = makeRobotState(2);
  decision: Decision = {
    epoch: 0,
    seq: 0,
    observationSeq: 0,
    observationStampNs: 0,
    observedNs: 0,
    expiresNs: 0,
    base: new Float64Array(4),
    residual: new Float64Array(4),
  };
  seq = 0;
  takeoverSeq = 0;
  ticks = 0;
  /** Decisions come by themselves while true. */
  thinking = true;
  /** States come by themselves while true. */
  sensing = true;
  /** The robot follows its setpoint while true. */
  following = true;
  /** Its encoders tick, as those of a robot that lives. */
  living = true;
  /** The bridge takes commands while true. */
  sending = true;

  constructor(changes: Record<string, unknown> = {}, parts: Partial<GateParts> = {}) {
    this.gate = new Gate({
      safety: parts.safety ?? safetyOf(changes),
      robot,
      interface: cartesianImpedance(robot),
      critic: this.critic,
      epochBase: 10,
      onTransition: (t) => this.transitions.push(t),
      ...parts,
    });
    this.state.pose.set([0.5, 0, 0.2, 0, 0, 0, 1]);
  }

  /** Everything healthy, DISARMED. */
  boot(): this {
    this.gate.boot(this.nowNs);
    this.gate.observeLink(true, 1, this.nowNs);
    this.gate.ingestTarget(Float64Array.of(0.5, 0, 0.05, 0, 0, 0, 1), this.nowNs);
    this.tick();
    return this;
  }

  arm(): this {
    this.must('arm');
    this.tick();
    return this;
  }

  engage(): this {
    this.must('engage');
    return this;
  }

  /** ACTIVE, ramp done. */
  active(): this {
    this.boot().arm().engage();
    for (let n = 0; n < 100 && this.gate.mode === 'ENGAGING'; n++) this.tick();
    if (this.gate.mode !== 'ACTIVE') throw new Error(`not ACTIVE but ${this.gate.mode}: ${this.gate.cause}`);
    return this;
  }

  must(kind: 'arm' | 'engage' | 'disengage' | 'disarm' | 'stop' | 'estop' | 'estop_release'): void {
    const { accepted, reason } = this.gate.request({ kind }, this.nowNs);
    if (!accepted) throw new Error(`${kind} refused: ${reason}`);
  }

  sense(changes: Partial<RobotState> = {}): void {
    if (this.living) this.state.position[1] = this.state.seq % 2 === 0 ? 1e-6 : 0;
    Object.assign(this.state, { seq: this.state.seq + 1, stampNs: this.nowNs, receivedNs: this.nowNs }, changes);
    this.deliver(this.state);
  }

  /** The last of the way from the robot to the gate; a rig may put more of the way here. */
  deliver(state: RobotState): void {
    this.gate.ingestState(state);
  }

  think(changes: Partial<Decision> = {}): void {
    this.decision = {
      ...this.decision,
      epoch: this.gate.epoch,
      seq: ++this.seq,
      observationSeq: this.state.seq,
      observedNs: this.nowNs,
      expiresNs: this.nowNs + 100 * MS,
      ...changes,
    };
    this.gate.ingestDecision(this.decision);
  }

  /** A person's action, which answers the newest command that was sent. Returns what the gate says to it. */
  takeOver(action: ArrayLike<number>, changes: Partial<Takeover> = {}): string {
    const answers = { epoch: this.gate.epoch, commandSeq: this.gate.record.commandSeq };
    const takeover = {
      holder: 1,
      seq: ++this.takeoverSeq,
      action: Float64Array.from(action),
      release: false,
      ...answers,
    };
    return this.gate.ingestTakeover({ ...takeover, ...changes }, this.nowNs);
  }

  /** One control period. Returns what came out, as a copy. */
  tick(count = 1): SafeAction | null {
    let out: SafeAction | null = null;
    for (let n = 0; n < count; n++) {
      this.nowNs += 10 * MS;
      if (this.sensing) this.sense();
      if (this.thinking && this.ticks++ % 5 === 0) this.think();
      const action = this.gate.tick(this.nowNs);
      out = action && { ...action, setpoint: action.setpoint.slice() };
      if (action === null) continue;
      const result = this.send(action);
      this.gate.sent(result);
      if (this.following && result.sent) this.state.pose.set(action.setpoint.subarray(0, 7));
    }
    return out;
  }

  /** What the bridge says to a command. */
  send({ epoch, seq }: SafeAction): SentCommand {
    return { sent: this.sending, refused: this.sending ? null : 'backpressure', epoch, seq, sentNs: this.nowNs };
  }

  /** `to(cause)` of each transition so far. */
  get path(): string[] {
    return this.transitions.map((t) => `${t.to}(${t.cause})`);
  }
}
