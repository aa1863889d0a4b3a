import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { JointState } from '../../../../bridges/messages/messages.ts';
import { packageRoot } from '../../../core/paths.ts';
import { end } from '../child.ts';

export const STATES = '/joint_states';
export const COMMANDS = '/joint_commands';
export const COMMAND_TYPE = 'std_msgs/msg/Float64MultiArray';
export const JOINTS = 7;

/** What the robot's server is: ours, or a bare `ws` that speaks just enough of the rosbridge protocol. */
export type RobotServer = 'ours' | 'ws';

/** What the robot's process is asked, a line each on its stdin, and what it answers. Only the bare one floods. */
export type RobotOrder =
  | { op: 'forget' }
  | { op: 'ready' }
  | { op: 'flood'; count: number }
  | { op: 'pace'; hz: number; count: number };
export interface RobotAnswer {
  done: RobotOrder['op'];
  /** Of `pace`: from each state that was answered to its command. */
  answeredMs?: number[];
}

const zeros = (n: number) => Array(n).fill(0);
/** Digits as a real robot's numbers have them. */
const numbers = (n: number, seed: number) => Array.from({ length: n }, (_, i) => Math.sin(seed + i) * 1.234567);

/** A 7-joint JointState. `number` stands in its stamp; `frame` may say more of it. */
export function jointState(number: number, frame = 'base'): JointState {
  const header = { stamp: { sec: Math.floor(number / 1e6), nanosec: number % 1e6 }, frame_id: frame };
  const name = zeros(JOINTS).map((_, i) => `fr3_joint${i + 1}`);
  return { header, name, position: POSITION, velocity: VELOCITY, effort: EFFORT };
}

/** The operation that carries it, about 600 bytes. */
export const jointStateText = (number: number, frame?: string): string =>
  JSON.stringify({ op: 'publish', topic: STATES, msg: jointState(number, frame) });

const POSITION = numbers(JOINTS, 1);
const VELOCITY = numbers(JOINTS, 2);
const EFFORT = numbers(JOINTS, 3);

/** The number of a state, from its stamp in ROS 2 spelling. */
export function numberOf(state: unknown): number {
  const { stamp } = (state as { header: { stamp: { sec: number; nanosec: number } } }).header;
  return stamp.sec * 1e6 + stamp.nanosec;
}

/** The message of a command that answers a state: std_msgs/Float64MultiArray. */
export const commandMessage = (number: number) => ({
  layout: { dim: [], data_offset: 0 },
  data: [number, ...VELOCITY],
});

/** The robot's side, in its own process (robot-process.ts). */
export class Robot {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #lines: Interface;

  private constructor(url: string, child: ChildProcess, lines: Interface) {
    this.url = url;
    this.#child = child;
    this.#lines = lines;
  }

  static async start(server: RobotServer = 'ws'): Promise<Robot> {
    const file = join(packageRoot, 'dist/src/cli/bench/bridge/robot-process.js');
    const child = spawn(process.execPath, [file, server], { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: child.stdout! });
    const [port] = (await once(lines, 'line')) as [string];
    return new Robot(`ws://127.0.0.1:${port}`, child, lines);
  }

  /** Whoever subscribes from now on is the one that hears the states: not the one before, whose end may not be seen yet. */
  async forget(): Promise<void> {
    await this.#order({ op: 'forget' });
  }

  /** Resolves when a state has been answered by a command. */
  async ready(): Promise<void> {
    await this.#order({ op: 'ready' });
  }

  /** Floods whoever listens with states; resolves when all are written. */
  async flood(count: number): Promise<void> {
    await this.#order({ op: 'flood', count });
  }

  /** States at a rate; resolves with the milliseconds from each that was answered to its command. */
  async pace(hz: number, count: number): Promise<number[]> {
    return (await this.#order({ op: 'pace', hz, count })).answeredMs ?? [];
  }

  async #order(order: RobotOrder): Promise<RobotAnswer> {
    this.#child.stdin!.write(`${JSON.stringify(order)}\n`);
    const [line] = (await once(this.#lines, 'line')) as [string];
    return JSON.parse(line) as RobotAnswer;
  }

  async close(): Promise<void> {
    this.#lines.close();
    await end(this.#child);
  }
}
