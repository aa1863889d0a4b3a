import { jointInterface } from '../../controllers/interfaces/joint.ts';
import { Gate } from '../../controllers/safety/gate.ts';
import type { RobotConfig } from '../../src/core/config-schema.ts';
import { type LadderTransition, makeRobotState, type SafeAction } from '../../src/core/signals.ts';
import { armOf, jointSafety, type Kind } from '../controllers/safety/joint/arm.ts';
import { MS } from '../controllers/safety/rig.ts';

/** A gate before three ideal joints of an FR3, and a clock: 10 ms a tick, a decision every 50 ms. */
export class JointGate {
  nowNs: number;
  readonly robot: RobotConfig;
  readonly gate: Gate;
  readonly transitions: LadderTransition[] = [];
  readonly state = makeRobotState(3);
  readonly decision = { base: new Float64Array(3), residual: new Float64Array(3) };
  following = true;
  risk = (): number => 0;
  #seq = 0;
  #ticks = 0;
  readonly #isPosition: boolean;

  constructor(kind: Kind, start = [0, -1.6, 0], changes: object = {}, startNs = 1e9, message?: string) {
    this.nowNs = startNs;
    this.robot = armOf(kind, undefined, message);
    this.#isPosition = kind === 'joint_position';
    const iface = jointInterface(this.robot);
    this.gate = new Gate({
      safety: jointSafety(changes),
      robot: this.robot,
      interface: iface,
      critic: {
        inputSize: iface.riskInputSize,
        sha256: '',
        evaluate: (_rows, count, risks) => risks.fill(this.risk(), 0, count),
      },
      epochBase: 10,
      onTransition: (t) => this.transitions.push(t),
    });
    this.state.position.set(start);
    this.gate.boot(this.nowNs);
    this.gate.observeLink(true, 1, this.nowNs);
    this.gate.ingestTarget(Float64Array.of(0, 0, 0, 0, 0, 0, 1), this.nowNs);
    this.tick();
  }

  ask(kind: 'arm' | 'engage'): { accepted: boolean; reason: string } {
    return this.gate.request({ kind }, this.nowNs);
  }

  active(): this {
    for (const kind of ['arm', 'engage'] as const) {
      const { accepted, reason } = this.ask(kind);
      if (!accepted) throw new Error(`${kind} refused: ${reason}`);
      this.tick();
    }
    while (this.gate.mode === 'ENGAGING') this.tick();
    return this;
  }

  /** One period; what went out, copied. */
  tick(count = 1): SafeAction | null {
    let out: SafeAction | null = null;
    for (let n = 0; n < count; n++) {
      this.nowNs += 10 * MS;
      // Encoders tick: their noise is below what anything here looks at.
      this.state.velocity[0] = this.#ticks % 2 === 0 ? 1e-9 : 0;
      this.state.effort[0] = this.#ticks % 2;
      this.state.position[2] = this.state.position[2]! + (this.#ticks % 2 === 0 ? 1e-9 : -1e-9);
      Object.assign(this.state, { seq: this.state.seq + 1, stampNs: this.nowNs, receivedNs: this.nowNs });
      this.gate.ingestState(this.state);
      if (this.#ticks++ % 5 === 0) this.#think();
      const action = this.gate.tick(this.nowNs);
      out = action && { ...action, setpoint: action.setpoint.slice(), reach: action.reach.slice() };
      if (action === null) continue;
      if (!action.setpoint.every(Number.isFinite)) throw new Error(`not finite: ${action.setpoint}`);
      this.gate.sent({ sent: true, refused: null, epoch: action.epoch, seq: action.seq, sentNs: this.nowNs });
      if (!this.following) continue;
      for (let i = 0; i < 3; i++)
        this.state.position[i] = this.#isPosition
          ? action.setpoint[i]!
          : this.state.position[i]! + action.setpoint[i]! * 0.01;
    }
    return out;
  }

  #think(): void {
    this.gate.ingestDecision({
      ...{ epoch: this.gate.epoch, seq: ++this.#seq, observationSeq: this.state.seq, observationStampNs: this.nowNs },
      ...{ observedNs: this.nowNs, expiresNs: this.nowNs + 100 * MS },
      base: this.decision.base.map((v) => v + 1e-9 * this.#seq),
      residual: this.decision.residual,
    });
  }

  get path(): string[] {
    return this.transitions.map((t) => `${t.to}(${t.cause})`);
  }
}
