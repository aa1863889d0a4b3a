import { makeRobotState, type RobotState } from '../../src/core/signals.ts';
import {
  type ClockMessage,
  type EpisodeStatus,
  type JointState,
  type PoseStamped,
  type Quaternion,
  type RobotStatus,
  TYPES,
  timeFromNs,
  type WrenchStamped,
} from '../messages/messages.ts';
import type { PegWorld } from './world.ts';

export interface OutgoingMessage<Message = unknown> {
  readonly topic: string;
  readonly type: string;
  readonly message: Message;
}

/** What the reset service answers; the seed is enough to run the same episode again. */
export const resetAnswer = (seed: number) => `episode with seed ${seed}`;

/** What a robot says: the ROS messages of a world, with stamps of simulated time. */
export class WorldMessages {
  readonly #world: PegWorld;
  readonly #state: RobotState;
  readonly #names: string[];

  constructor(world: PegWorld) {
    this.#world = world;
    this.#state = makeRobotState(world.robot.joints.length);
    this.#names = world.robot.joints.map((j) => j.name);
  }

  /** Clock first, then the three parts of the state, all with one stamp. */
  state(): OutgoingMessage[] {
    const { robot } = this.#world;
    const s = this.#state;
    this.#world.readState(s);
    const stamp = timeFromNs(s.stampNs);
    const base = { stamp, frame_id: robot.base_frame };
    const clock: ClockMessage = { clock: stamp };
    const joints: JointState = {
      header: base,
      name: this.#names,
      position: Array.from(s.position),
      velocity: Array.from(s.velocity),
      effort: Array.from(s.effort),
    };
    const w = s.wrench;
    const wrench: WrenchStamped = {
      header: base,
      wrench: { force: { x: w[0]!, y: w[1]!, z: w[2]! }, torque: { x: w[3]!, y: w[4]!, z: w[5]! } },
    };
    return [
      { topic: robot.topics.clock, type: TYPES.clock, message: clock },
      { topic: robot.topics.joint_states, type: TYPES.jointState, message: joints },
      { topic: robot.topics.pose, type: TYPES.poseStamped, message: poseMessage(base, s.pose) },
      { topic: robot.topics.wrench, type: TYPES.wrenchStamped, message: wrench },
    ];
  }

  estimate(): OutgoingMessage<PoseStamped> {
    const { robot, task } = this.#world;
    const header = { stamp: timeFromNs(this.#world.timeNs), frame_id: robot.base_frame };
    return { topic: task.target_topic, type: TYPES.poseStamped, message: poseMessage(header, this.#world.estimate) };
  }

  status(): OutgoingMessage<RobotStatus> {
    return { topic: this.#world.robot.topics.robot_status, type: TYPES.robotStatus, message: this.#world.status() };
  }

  episode(): OutgoingMessage<EpisodeStatus> {
    return { topic: this.#world.task.episode_topic, type: TYPES.episodeStatus, message: this.#world.episode() };
  }
}

function poseMessage(header: PoseStamped['header'], p: Float64Array): PoseStamped {
  const orientation: Quaternion = { x: p[3]!, y: p[4]!, z: p[5]!, w: p[6]! };
  return { header, pose: { position: { x: p[0]!, y: p[1]!, z: p[2]! }, orientation } };
}
