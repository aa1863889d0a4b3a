import { cartesianImpedance } from '../../../controllers/interfaces/cartesian-impedance.ts';
import { Gate } from '../../../controllers/safety/gate.ts';
import type { RiskCritic } from '../../../policies/policy.ts';
import type { RunConfig } from '../../core/config-schema.ts';
import { type Decision, makeRobotState, type RobotState } from '../../core/signals.ts';

/** How far above the hole it moves, m: free space, where a critic has nothing to say. */
const HEIGHT = 0.15;
/** Decisions of one round of its circle; at 20 Hz and 3 mm a decision it is 38 mm wide. */
const ROUND = 40;

/**
 * The real gate in stepped time, with a robot in free space that follows its setpoint at once and a policy that leads it
 * in a circle. A step allocates nothing of its own, so that what a bench measures is the gate's.
 */
export class MovingRobot {
  readonly gate: Gate;
  readonly #periodNs: number;
  readonly #ticksPerDecision: number;
  readonly #lifetimeNs: number;
  readonly #state: RobotState;
  readonly #decision: { -readonly [K in keyof Decision]: Decision[K] };
  readonly #result = { sent: true, refused: null, epoch: 0, seq: 0, sentNs: 0 };
  #nowNs = 1e9;
  #ticks = 0;

  /** Engaged and past its ramp. @throws Error when the ladder does not get there */
  constructor(config: RunConfig, critic: RiskCritic) {
    const { robot, safety, task } = config;
    this.#periodNs = 1e9 / safety.control_hz;
    this.#ticksPerDecision = Math.max(1, Math.round(safety.control_hz / task.decision_hz));
    this.#lifetimeNs = safety.decision_age_ms * 1e6;
    this.#state = makeRobotState(robot.joints.length);
    // A posture away from every limit: the joints play no part, the tip is what moves.
    robot.joints.forEach(({ position: [low, high] }, j) => {
      this.#state.position[j] = (low + high) / 2;
    });
    const iface = cartesianImpedance(robot);
    const zeros = () => new Float64Array(iface.actionSize);
    this.#decision = {
      ...{ epoch: 0, seq: 0, observationSeq: 0, observationStampNs: 0, observedNs: 0, expiresNs: 0 },
      ...{ base: zeros(), residual: zeros() },
    };
    const [x, y, z] = task.world.hole_nominal as [number, number, number];
    this.#state.pose.set([x, y, z + HEIGHT, 0, 0, 0, 1]);
    this.gate = new Gate({ safety, robot, interface: iface, critic, epochBase: 1, onTransition: () => {} });
    this.gate.boot(this.#nowNs);
    this.gate.observeLink(true, 1, this.#nowNs);
    this.gate.ingestTarget(Float64Array.of(x, y, z, 0, 0, 0, 1), this.#nowNs);
    this.step();
    this.#ask('arm');
    this.step();
    this.#ask('engage');
    for (let i = 0; i < 1000 && this.gate.mode !== 'ACTIVE'; i++) this.step();
    this.mustBeActive();
  }

  #ask(kind: 'arm' | 'engage'): void {
    const { accepted, reason } = this.gate.request({ kind }, this.#nowNs);
    if (!accepted) throw new Error(`${kind} refused: ${reason}`);
  }

  /** @throws Error when the gate took authority away: then it did not measure what it says */
  mustBeActive(): void {
    if (this.gate.mode !== 'ACTIVE') throw new Error(`not ACTIVE but ${this.gate.mode}: ${this.gate.cause}`);
  }

  /** One control period: state in, decision when one is due, tick, outcome, and the robot is where it was told to be. */
  step(): void {
    this.#nowNs += this.#periodNs;
    const state = this.#state;
    state.seq++;
    state.stampNs = this.#nowNs;
    state.receivedNs = this.#nowNs;
    // A little noise, as a sensor has: a frozen one is a fault of its own.
    for (let i = 0; i < 6; i++) state.wrench[i] = ((state.seq * 37 + i) % 101) * 1e-4;
    this.gate.ingestState(state);
    if (this.#ticks++ % this.#ticksPerDecision === 0) this.#decide();
    const action = this.gate.tick(this.#nowNs);
    if (action === null) return;
    this.#result.epoch = action.epoch;
    this.#result.seq = action.seq;
    this.#result.sentNs = this.#nowNs;
    this.gate.sent(this.#result);
    for (let i = 0; i < 7; i++) state.pose[i] = action.setpoint[i]!;
  }

  #decide(): void {
    const d = this.#decision;
    d.epoch = this.gate.epoch;
    d.seq++;
    d.observationSeq = this.#state.seq;
    d.observationStampNs = this.#nowNs;
    d.observedNs = this.#nowNs;
    d.expiresNs = this.#nowNs + this.#lifetimeNs;
    const angle = (2 * Math.PI * (d.seq % ROUND)) / ROUND;
    d.base[0] = 0.6 * Math.cos(angle);
    d.base[1] = 0.6 * Math.sin(angle);
    d.residual[0] = -0.05 * Math.cos(angle);
    d.residual[1] = 0.05 * Math.sin(angle);
    this.gate.ingestDecision(d);
  }
}
