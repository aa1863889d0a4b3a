import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket, WebSocketServer } from 'ws';
import {
  type EquilibriumCommand,
  type JointState,
  nsFromTime,
  type PoseStamped,
  timeFromNs,
  type WrenchStamped,
} from '../../bridges/messages/messages.ts';
import { PegWorld } from '../../bridges/mujoco/world.ts';
import { loadRun } from '../core/config/load.ts';
import type { RunConfig } from '../core/config-schema.ts';
import { Histogram } from '../core/histogram.ts';
import { packageRoot } from '../core/paths.ts';
import { makeRobotState } from '../core/signals.ts';
import { ReflexClient } from '../daemon/operator.ts';
import { REFLEX_SOCKET, type RunFile } from '../daemon/process.ts';

export interface BenchOptions {
  json?: boolean;
  set: string[];
  /** Samples of each subject. */
  samples?: number;
}

interface Row {
  case: string;
  subject: string;
  unit: string;
  p50: number;
  p99: number;
  max: number;
  samples: number;
}

/** `reflexarc bench loop|world`. Prints a table, or one object with `--json`. Returns the exit code. */
export async function bench(name: 'loop' | 'world', configFile: string, options: BenchOptions): Promise<number> {
  const { config } = loadRun(configFile, options.set);
  const results = name === 'loop' ? await benchLoop(config, options.samples ?? 2000) : await benchWorld(config);
  const machine = { node: process.version, cpu: cpus()[0]?.model ?? '', cores: cpus().length };
  if (options.json) process.stdout.write(`${JSON.stringify({ bench: name, machine, results })}\n`);
  else
    for (const r of results)
      process.stdout.write(
        `${r.case}  ${r.subject.padEnd(12)} p50 ${r.p50}  p99 ${r.p99}  max ${r.max} ${r.unit}  (${r.samples} samples)\n`,
      );
  return 0;
}

/** One round: sends the messages of one state, resolves with the milliseconds until the answer. */
type Round = () => Promise<number>;

/**
 * State message in → command out, through a real reflex process that holds the robot, beside a bare `ws` echo process
 * that is sent the same three messages. The two take turns, sample by sample, on the same machine in the same run.
 */
async function benchLoop(config: RunConfig, samples: number): Promise<Row[]> {
  const world = await PegWorld.load(config.robot, config.task, config.task.world.model);
  world.reset(config.seed);
  const state = makeRobotState(config.robot.joints.length);
  world.readState(state);
  world.dispose();
  const ours = await reflexRound(config, (stampNs) => stateMessages(config, state, stampNs));
  const peer = await echoRound(config, (stampNs) => stateMessages(config, state, stampNs));
  const oursMs = new Histogram(0.001);
  const peerMs = new Histogram(0.001);
  const warmUp = 300;
  for (let i = 0; i < samples + warmUp; i++) {
    const a = await ours.round();
    await pause(4);
    const b = await peer.round();
    await pause(4);
    if (i < warmUp) continue;
    oursMs.record(a);
    peerMs.record(b);
  }
  await ours.close();
  await peer.close();
  const row = (subject: string, h: Histogram): Row => ({
    case: 'state_to_command',
    subject,
    unit: 'ms',
    ...h.quantiles(),
    samples: h.count,
  });
  return [row('ours', oursMs), row('ws_echo', peerMs)];
}

interface Runner {
  round: Round;
  close(): Promise<void>;
}

async function reflexRound(config: RunConfig, messages: (stampNs: number) => string[]): Promise<Runner> {
  const dir = mkdtempSync(join(tmpdir(), 'reflexarc-bench-'));
  const robot = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  await new Promise((resolve) => robot.once('listening', resolve));
  const port = (robot.address() as { port: number }).port;
  const run: RunFile = {
    config: {
      ...config,
      bridge: { ...config.bridge, url: `ws://127.0.0.1:${port}` },
      // The peer's turn must not make the state stale: latency is measured here, not staleness.
      safety: { ...config.safety, state_age_ms: 5000 },
    },
    logPath: '',
    provenance: {},
  };
  writeFileSync(join(dir, 'run.json'), JSON.stringify(run));
  const child = spawn(process.execPath, [join(packageRoot, 'dist/src/daemon/reflex.js'), dir, '1'], {
    stdio: ['pipe', 'ignore', 'ignore', 'ignore'],
  });
  let answered: () => void = () => {};
  let sentStampNs = 0;
  const sockets: WebSocket[] = [];
  let subscribed: WebSocket | null = null;
  const ready = new Promise<void>((resolve) =>
    robot.on('connection', (socket) => {
      sockets.push(socket);
      socket.on('message', (data) => {
        const op = JSON.parse(String(data)) as { op: string; topic?: string; msg?: EquilibriumCommand };
        // The command that answers this very state, not one of a timer tick before it.
        if (op.op === 'publish' && op.topic === config.robot.topics.command)
          if (op.msg !== undefined && nsFromTime(op.msg.state_stamp) === sentStampNs) answered();
        if (op.op !== 'subscribe' || op.topic !== config.robot.topics.wrench) return;
        subscribed = socket;
        resolve();
      });
    }),
  );
  await ready;
  const operator = new ReflexClient(join(dir, REFLEX_SOCKET), 'operator');
  const begin = performance.now();
  const send = () => {
    sentStampNs = Math.round((performance.now() - begin) * 1e6) + 1e9;
    const texts = messages(sentStampNs);
    for (const text of texts) subscribed?.send(text);
  };
  // Fresh states until it is armed: HOLD answers every state with a hold command.
  const feed = setInterval(send, 10);
  for (let i = 0; i < 400 && operator.status$.value?.mode !== 'HOLD'; i++) {
    await operator.request({ kind: 'arm' }).catch(() => {});
    await pause(25);
  }
  clearInterval(feed);
  if (operator.status$.value?.mode !== 'HOLD')
    throw new Error(`the reflex did not arm: ${operator.status$.value?.mode} ${operator.status$.value?.cause}`);
  return {
    round: async () => {
      const mode = operator.status$.value?.mode;
      if (mode !== 'HOLD') throw new Error(`the reflex left HOLD: ${mode} ${operator.status$.value?.cause}`);
      const at = performance.now();
      const answer = new Promise<void>((resolve) => {
        answered = resolve;
      });
      send();
      await answer;
      return performance.now() - at;
    },
    close: async () => {
      operator.close();
      await end(child);
      for (const socket of sockets) socket.terminate();
      robot.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

const ECHO = `import { WebSocketServer } from 'ws';
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false }, () => process.stdout.write(server.address().port + '\\n'));
server.on('connection', (socket) => socket.on('message', (data, binary) => socket.send(data, { binary })));
process.stdin.on('end', () => process.exit(0)).resume();`;

async function echoRound(_config: RunConfig, messages: (stampNs: number) => string[]): Promise<Runner> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', ECHO], {
    stdio: ['pipe', 'pipe', 'inherit'],
    cwd: packageRoot,
  });
  const port = await new Promise<number>((resolve) => child.stdout?.once('data', (d) => resolve(Number(String(d)))));
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  await new Promise((resolve) => socket.once('open', resolve));
  let waiting = 0;
  let answered: () => void = () => {};
  socket.on('message', () => {
    if (--waiting === 0) answered();
  });
  return {
    round: async () => {
      const at = performance.now();
      const texts = messages(Math.round(at * 1e6));
      waiting = texts.length;
      const answer = new Promise<void>((resolve) => {
        answered = resolve;
      });
      for (const text of texts) socket.send(text);
      await answer;
      return performance.now() - at;
    },
    close: async () => {
      socket.terminate();
      await end(child);
    },
  };
}

/** The three messages of one state, as rosbridge sends them. */
function stateMessages(config: RunConfig, state: ReturnType<typeof makeRobotState>, stampNs: number): string[] {
  const header = { stamp: timeFromNs(stampNs), frame_id: config.robot.base_frame };
  const p = state.pose;
  const joints: JointState = {
    header,
    name: config.robot.joints.map((j) => j.name),
    position: Array.from(state.position),
    velocity: Array.from(state.velocity),
    effort: Array.from(state.effort),
  };
  const pose: PoseStamped = {
    header,
    pose: {
      position: { x: p[0]!, y: p[1]!, z: p[2]! },
      orientation: { x: p[3]!, y: p[4]!, z: p[5]!, w: p[6]! },
    },
  };
  // A little noise, as a sensor has: a frozen one is a fault of its own.
  const noise = (stampNs % 1000) * 1e-6;
  const wrench: WrenchStamped = {
    header,
    wrench: { force: { x: noise, y: noise, z: noise }, torque: { x: 0, y: 0, z: 0 } },
  };
  const publish = (topic: string, msg: unknown) => JSON.stringify({ op: 'publish', topic, msg });
  return [
    publish(config.robot.topics.joint_states, joints),
    publish(config.robot.topics.pose, pose),
    publish(config.robot.topics.wrench, wrench),
  ];
}

/** Speed of the simulated world in-process, as a multiple of real time, ten times one second of it. */
async function benchWorld(config: RunConfig): Promise<Row[]> {
  const world = await PegWorld.load(config.robot, config.task, config.task.world.model);
  world.reset(config.seed);
  const speeds: number[] = [];
  for (let i = 0; i < 11; i++) {
    const from = world.timeNs;
    const at = performance.now();
    while (world.timeNs - from < 1e9) world.advance();
    if (i > 0) speeds.push((world.timeNs - from) / 1e6 / (performance.now() - at));
  }
  world.dispose();
  speeds.sort((a, b) => a - b);
  const round = (v: number | undefined) => Number((v ?? 0).toPrecision(4));
  return [
    {
      case: 'world_speed',
      subject: 'ours',
      unit: 'x_realtime',
      p50: round(speeds[5]),
      p99: round(speeds[0]),
      max: round(speeds[9]),
      samples: speeds.length,
    },
  ];
}

async function end(child: ChildProcess): Promise<void> {
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.stdin?.end();
  const killer = setTimeout(() => child.kill('SIGKILL'), 3000);
  await ended;
  clearTimeout(killer);
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
