import type { RunConfig } from '../../../core/config-schema.ts';
import { type Random, SeededRandom } from '../../../core/random.ts';

export interface Sample {
  readonly topic: string;
  readonly type: string;
  readonly message: unknown;
}

/** Numbers of a tick's entries in the gate's journal, as a run of the peg task has them: a state, a tick, a command sent. */
const JOURNAL_NUMBERS = 80;

/** What the observer records of one state: the state in its three messages, the tick, the journal; at each fifth a decision. */
export class Traffic {
  readonly #random: Random = new SeededRandom(1);
  readonly #names: string[];
  #n = 0;
  #position: number[];

  constructor({ robot }: RunConfig) {
    this.#names = robot.joints.map((joint) => joint.name);
    this.#position = this.#names.map(() => 0);
  }

  /** The messages at `timeNs`, each new, as they come off a socket. */
  period(timeNs: number): Sample[] {
    const n = this.#n++;
    const near = (v: number) => v + 1e-3 * this.#random.normal();
    const header = {
      stamp: { sec: Math.floor(timeNs / 1e9), nanosec: Math.floor(timeNs % 1e9) },
      frame_id: 'panda_link0',
    };
    this.#position = this.#position.map(near);
    const few = (size: number) => Array.from({ length: size }, (_, i) => near(i));
    const xyz = { x: near(0.5), y: near(0), z: near(0.1) };
    const out: Sample[] = [
      {
        topic: '/joint_states',
        type: 'sensor_msgs/msg/JointState',
        message: { header, name: this.#names, position: this.#position, velocity: few(7), effort: few(7) },
      },
      {
        topic: '/ee_pose',
        type: 'geometry_msgs/msg/PoseStamped',
        message: { header, pose: { position: xyz, orientation: { x: 1, y: 0, z: 0, w: near(0) } } },
      },
      {
        topic: '/wrench',
        type: 'geometry_msgs/msg/WrenchStamped',
        message: { header, wrench: { force: xyz, torque: { x: near(0), y: near(0), z: near(0) } } },
      },
      {
        topic: '/reflexarc/tick',
        type: 'reflexarc_msgs/msg/TickRecord',
        message: {
          ...{ header, epoch: 3, seq: n, mode: 'ACTIVE', source: 'policy', state_seq: n, state_stamp: header.stamp },
          ...{ decision_seq: Math.floor(n / 5), residual_fraction: 1, risk: near(0.1), force: near(5), cause: '' },
          ...{
            value: 0,
            limit: 0,
            aim: few(9),
            setpoint: few(9),
            sent: true,
            refused: '',
            compute_us: 50,
            loop_us: 500,
          },
        },
      },
      {
        topic: '/reflexarc/gate',
        type: 'reflexarc_msgs/msg/GateJournal',
        message: { header, version: 1, first: 3 * n, entries: Float64Array.from(few(JOURNAL_NUMBERS)) },
      },
    ];
    if (n % 5 === 0)
      out.push({
        topic: '/reflexarc/decision',
        type: 'reflexarc_msgs/msg/Decision',
        message: {
          ...{ header, epoch: 3, seq: Math.floor(n / 5), observation_seq: n, observation_stamp: header.stamp },
          ...{ observation_base: few(6), observation_residual: few(9), base: few(4), residual: few(4) },
        },
      });
    return out;
  }
}
