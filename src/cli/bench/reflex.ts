import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type WebSocket, WebSocketServer } from 'ws';
import {
  type EquilibriumCommand,
  type JointState,
  type PoseStamped,
  timeFromNs,
  type WrenchStamped,
} from '../../../bridges/messages/messages.ts';
import { PegWorld } from '../../../bridges/mujoco/world.ts';
import type { RunConfig } from '../../core/config-schema.ts';
import { packageRoot } from '../../core/paths.ts';
import { type Mode, makeRobotState, type RobotState } from '../../core/signals.ts';
import { worldOf } from '../../core/task-world.ts';
import { ReflexClient } from '../../daemon/operator.ts';
import { REFLEX_SOCKET, type RunFile } from '../../daemon/process.ts';
import { end, pause } from './child.ts';

/** Longest wait for anything that the reflex has to do between two samples. */
const PATIENCE_MS = 8000;

/** What an operator asks for in a mode to get one step nearer to ACTIVE. */
const NEXT = { STOPPED: 'reset', ESTOP: 'reset', DISARMED: 'arm', HOLD: 'engage' } as const;

/**
 * A real reflex process, and around it what it needs: the robot's side of the bridge, which is this object, and an
 * operator. Nobody watches its heartbeat.
 */
export class ReflexUnderTest {
  /** Told of every command as it reaches the robot. */
  onCommand: (command: EquilibriumCommand) => void = () => {};
  readonly operator: ReflexClient;
  /** Path of the reflex's socket. */
  readonly path: string;
  /** Its run folder, for another process of the daemon beside it. */
  readonly dir: string;
  readonly #config: RunConfig;
  readonly #child: ChildProcess;
  readonly #server: WebSocketServer;
  readonly #sockets = new Set<WebSocket>();
  /** Who hears the robot's states. */
  readonly #subscribed = new Set<WebSocket>();

  private constructor(config: RunConfig, dir: string, server: WebSocketServer, wrapper: readonly string[]) {
    this.#config = config;
    this.dir = dir;
    this.#server = server;
    this.path = join(dir, REFLEX_SOCKET);
    server.on('connection', (socket) => this.#accept(socket));
    const { port } = server.address() as { port: number };
    const bridge = { ...config.bridge, url: `ws://127.0.0.1:${port}` };
    const run: RunFile = { config: { ...config, bridge }, logPath: '', provenance: {} };
    writeFileSync(join(dir, 'run.json'), JSON.stringify(run));
    const node = [process.execPath, join(packageRoot, 'dist/src/daemon/reflex.js'), dir, '1'];
    const [command, ...args] = [...wrapper, ...node] as [string, ...string[]];
    this.#child = spawn(command, args, {
      stdio: ['pipe', 'ignore', 'ignore', 'ignore'],
    });
    this.operator = new ReflexClient(this.path, 'operator');
  }

  /** Resolves when the reflex has subscribed to the robot. `wrapper`: a command that runs it, e.g. chrt. */
  static async start(config: RunConfig, wrapper: readonly string[] = []): Promise<ReflexUnderTest> {
    const dir = mkdtempSync(join(tmpdir(), 'reflexarc-bench-'));
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
    await new Promise((resolve) => server.once('listening', resolve));
    const reflex = new ReflexUnderTest(config, dir, server, wrapper);
    await reflex.until('subscribe to the robot', () => reflex.connected);
    return reflex;
  }

  #accept(socket: WebSocket): void {
    const { topics } = this.#config.robot;
    this.#sockets.add(socket);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#subscribed.delete(socket);
    });
    socket.on('error', () => {});
    socket.on('message', (data) => {
      const op = JSON.parse(String(data)) as { op: string; topic?: string; msg?: EquilibriumCommand };
      if (op.op === 'publish' && op.topic === topics.command && op.msg !== undefined) this.onCommand(op.msg);
      // The task's target is the last of the reflex's topics.
      if (op.op === 'subscribe' && op.topic === this.#config.task.target_topic) this.#subscribed.add(socket);
    });
  }

  get connected(): boolean {
    return this.#subscribed.size > 0;
  }
  get mode(): string {
    return this.operator.status$.value?.mode ?? 'away';
  }

  /** Writes messages to who has subscribed; without a word while nobody is connected, as a robot would. */
  publish(texts: readonly string[]): void {
    for (const socket of this.#subscribed) for (const text of texts) socket.send(text);
  }

  /** From now on the robot's end of every connection reads nothing and writes nothing; they stay open. */
  fallSilent(): void {
    for (const socket of this.#sockets) socket.pause();
    this.#subscribed.clear();
  }

  /** @throws Error naming `what` was waited for, and where the reflex is */
  async until(what: string, test: () => boolean, withinMs = PATIENCE_MS): Promise<void> {
    const giveUp = performance.now() + withinMs;
    while (!test()) {
      if (performance.now() > giveUp || this.#child.exitCode !== null)
        throw new Error(`the reflex did not ${what}: ${this.mode} ${this.operator.status$.value?.cause ?? ''}`);
      await pause(2);
    }
  }

  /**
   * Asks what the mode calls for, of what the caller allows, until the mode is `to`.
   * @throws Error with the last refusal, and where the reflex is
   */
  async climb(allowed: readonly (typeof NEXT)[keyof typeof NEXT][], to: Mode): Promise<void> {
    const giveUp = performance.now() + PATIENCE_MS;
    let refusal = '';
    while (this.mode !== to) {
      const { status$ } = this.operator;
      const kind = NEXT[this.mode as keyof typeof NEXT];
      const incident = status$.value?.incident ?? 0;
      if (allowed.includes(kind)) {
        const { accepted, reason } = await this.operator
          .request(kind === 'reset' ? { kind, incident } : { kind })
          .catch((error: Error) => ({ accepted: false, reason: error.message }));
        if (!accepted) refusal = reason;
      }
      if (performance.now() > giveUp)
        throw new Error(`the reflex did not reach ${to}: ${this.mode} ${status$.value?.cause}; ${refusal}`);
      await pause(5);
    }
  }

  async close(): Promise<void> {
    this.operator.close();
    await end(this.#child);
    for (const socket of this.#sockets) socket.terminate();
    this.#server.close();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** The state and the target of the simulated task at its start. */
export async function startOfTask(config: RunConfig): Promise<{ state: RobotState; target: Float64Array }> {
  const world = await PegWorld.load(config.robot, config.task, worldOf(config.task).model);
  world.reset(config.seed);
  const state = makeRobotState(config.robot.joints.length);
  world.readState(state);
  world.dispose();
  return { state, target: Float64Array.of(...worldOf(config.task).hole_nominal, 0, 0, 0, 1) };
}

const publish = (topic: string, msg: unknown) => JSON.stringify({ op: 'publish', topic, msg });
const poseMessage = (p: ArrayLike<number>) => ({
  position: { x: p[0]!, y: p[1]!, z: p[2]! },
  orientation: { x: p[3]!, y: p[4]!, z: p[5]!, w: p[6]! },
});

/** The three messages of one state, as rosbridge sends them; a NaN in it becomes `null`, as there. */
export function stateMessages(config: RunConfig, state: RobotState, stampNs: number): string[] {
  const header = { stamp: timeFromNs(stampNs), frame_id: config.robot.base_frame };
  const joints: JointState = {
    header,
    name: config.robot.joints.map((j) => j.name),
    position: Array.from(state.position),
    velocity: Array.from(state.velocity),
    effort: Array.from(state.effort),
  };
  const pose: PoseStamped = { header, pose: poseMessage(state.pose) };
  // A little noise, as a sensor has: a frozen one is a fault of its own.
  const noise = (stampNs % 1000) * 1e-6;
  const w = state.wrench;
  const wrench: WrenchStamped = {
    header,
    wrench: {
      force: { x: w[0]! + noise, y: w[1]! + noise, z: w[2]! + noise },
      torque: { x: w[3]!, y: w[4]!, z: w[5]! },
    },
  };
  const { topics } = config.robot;
  return [publish(topics.joint_states, joints), publish(topics.pose, pose), publish(topics.wrench, wrench)];
}

/** The message of the task's target. */
export function targetMessage(config: RunConfig, target: ArrayLike<number>, stampNs: number): string {
  const header = { stamp: timeFromNs(stampNs), frame_id: config.robot.base_frame };
  return publish(config.task.target_topic, { header, pose: poseMessage(target) });
}
