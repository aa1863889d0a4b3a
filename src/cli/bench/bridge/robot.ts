import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { WebSocket } from 'ws';
import { packageRoot } from '../../../core/paths.ts';
import { end } from '../child.ts';

export const STATES = '/joint_states';
export const COMMANDS = '/joint_commands';
export const JOINTS = 7;

/** What the control connection asks of the robot's process, and what it answers. */
export type RobotOrder = { op: 'forget' } | { op: 'flood'; count: number } | { op: 'pace'; hz: number; count: number };
export type RobotAnswer = { done: 'forget' } | { done: 'flood' } | { done: 'pace'; sent: number; answeredMs: number[] };

const zeros = (n: number) => Array(n).fill(0);
/** Digits as a real robot's numbers have them. */
const numbers = (n: number, seed: number) => Array.from({ length: n }, (_, i) => Math.sin(seed + i) * 1.234567);

/** The operation that carries a 7-joint JointState, about 600 bytes. `number` stands in its stamp. */
export function jointStateText(number: number): string {
  const header = { stamp: { sec: Math.floor(number / 1e6), nanosec: number % 1e6 }, frame_id: 'base' };
  const name = zeros(JOINTS).map((_, i) => `fr3_joint${i + 1}`);
  const msg = { header, name, position: POSITION, velocity: VELOCITY, effort: EFFORT };
  return JSON.stringify({ op: 'publish', topic: STATES, msg });
}
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
  readonly #control: WebSocket;

  private constructor(url: string, child: ChildProcess, control: WebSocket) {
    this.url = url;
    this.#child = child;
    this.#control = control;
  }

  static async start(): Promise<Robot> {
    const child = spawn(process.execPath, [join(packageRoot, 'dist/src/cli/bench/bridge/robot-process.js')], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const [port] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string];
    const url = `ws://127.0.0.1:${port}`;
    const control = new WebSocket(url, { perMessageDeflate: false, maxPayload: 0 });
    await once(control, 'open');
    return new Robot(url, child, control);
  }

  /** Whoever subscribes from now on is the one that hears the states: not the one before, whose end may not be seen yet. */
  async forget(): Promise<void> {
    await this.#order({ op: 'forget' });
  }

  /** Floods whoever listens with states; resolves when all are written. */
  async flood(count: number): Promise<void> {
    await this.#order({ op: 'flood', count });
  }

  /** States at a rate; resolves with the milliseconds from each that was answered to its command. */
  async pace(hz: number, count: number): Promise<number[]> {
    const answer = await this.#order({ op: 'pace', hz, count });
    return answer.done === 'pace' ? answer.answeredMs : [];
  }

  async #order(order: RobotOrder): Promise<RobotAnswer> {
    this.#control.send(JSON.stringify(order));
    const [data] = (await once(this.#control, 'message')) as [Buffer];
    return JSON.parse(String(data)) as RobotAnswer;
  }

  async close(): Promise<void> {
    this.#control.terminate();
    await end(this.#child);
  }
}
