import { type ChildProcess, spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { EpisodeStatus, RobotStatus } from '../../bridges/messages/messages.ts';
import { TYPES } from '../../bridges/messages/messages.ts';
import { MonotonicClock, wallNs } from '../core/clock.ts';
import { loadRun } from '../core/config/load.ts';
import type { RunConfig } from '../core/config-schema.ts';
import { ReflexArcError } from '../core/errors.ts';
import { packageRoot } from '../core/paths.ts';
import type { CadenceSummary } from '../daemon/cadence.ts';
import { Daemon, prepareLog } from '../daemon/launch.ts';
import { residentMb } from '../daemon/memory.ts';
import { robotClient } from '../daemon/robot-link.ts';
import { cadenceRows } from './cadence.ts';
import { checkPolicies } from './check.ts';
import { type EpisodeSource, OperatorScript } from './operator-script.ts';
import { LiveLine, table } from './output.ts';
import { freePort, requireFreePort } from './ports.ts';
import { recordedRows } from './recorded.ts';

export interface DemoOptions {
  headless?: boolean;
  /** Ends after so many; without it, it runs until Ctrl-C. */
  episodes?: number;
  seed?: number;
  speed?: 'real' | 'max';
  json?: boolean;
  set: string[];
  /** False: record nothing. */
  log?: boolean;
  consolePort?: number;
  rosPort?: number;
  simPort?: number;
  /** 0: no live view. */
  foxglovePort?: number;
}

/**
 * `reflexarc demo`: simulated robot, daemon and console, and a scripted operator who runs episode after episode.
 * Everything goes through the real processes and the real websocket. Returns the exit code.
 */
export async function demo(configFile: string, options: DemoOptions): Promise<number> {
  const say = (text: string) => (options.json ? process.stderr : process.stdout).write(`${text}\n`);
  const { config } = loadRun(configFile, options.set);
  await settle(config, options);
  const weights = checkPolicies(config);
  const log = prepareLog(config, wallNs());
  const lines = join(log.dir, 'processes.ndjson');
  say(`Reflex Arc: ${config.name}. A simulated ${config.robot.name}, a frozen base policy, a residual, and the gate.`);

  const simulation = await startSimulation(configFile, config, options, lines);
  const daemon = new Daemon(config, { logLines: { file: lines }, logPath: log.path, weights });
  say(`robot    ${config.bridge.url}  (rosbridge; any ROS tool may listen)`);
  say(`daemon   ws://${config.daemon.host}:${config.daemon.ros_port}  (rosbridge; ~/tick, ~/mode, ~/arm …)`);
  if (config.daemon.foxglove_port)
    say(`viewers  ws://${config.daemon.host}:${config.daemon.foxglove_port}  (Foxglove, Lichtblick)`);
  if (!options.headless) say(`console  http://${config.daemon.host}:${config.daemon.console_port}`);
  if (config.practice)
    say(`learner  ${config.practice.learner}  (\`reflexarc learn\`; episodes wait in ${config.practice.dir})`);
  say(`log      ${log.shown}; processes write to ${lines}`);
  say(
    options.episodes
      ? `running ${options.episodes} episodes`
      : 'running episode after episode; Ctrl-C stops the robot and ends',
  );

  const abort = new AbortController();
  const onSignal = () => abort.abort();
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  const robot = await watchRobot(config);
  const memory = new MemoryWatch(() => [
    ...daemon.pids,
    ['simulation', simulation.pid ?? -1],
    ['launcher', process.pid],
  ]);
  const live = new LiveLine(options.json ? process.stderr : process.stdout);
  const score = { episodes: 0, successes: 0, violations: 0 };
  const ticker = setInterval(() => {
    const s = daemon.reflex.status$.value;
    const e = robot.latest;
    live.show(
      `episode ${score.episodes + 1}  ${s?.mode ?? 'starting'}  depth ${((e?.depth ?? 0) * 1e3).toFixed(0)} mm  ` +
        `force max ${(e?.max_force ?? 0).toFixed(1)} N  |  ${score.successes}/${score.episodes} succeeded`,
    );
  }, 200);
  daemon.events$.subscribe((e) => {
    if (e.event === 'died') live.line(`${e.name} died (${e.signal ?? `exit ${e.code}`}); started again, disarmed`);
    if (e.event === 'stop') live.line(`sentinel stopped the robot: ${e.reason}`);
  });
  simulation.once('exit', () => abort.abort());
  void daemon.exited.then(() => abort.abort());

  let failure: Error | null = null;
  const script = new OperatorScript(daemon.reflex, robot, abort.signal);
  try {
    while (!abort.signal.aborted && score.episodes < (options.episodes ?? Number.POSITIVE_INFINITY)) {
      const { episode, ended, needsPerson } = await script.episode();
      if (ended === 'interrupted') break;
      score.episodes++;
      if (episode?.success) score.successes++;
      if (episode?.violation) score.violations++;
      live.line(
        `episode ${score.episodes}: ${ended}, ${(episode?.duration_s ?? 0).toFixed(1)} s, ` +
          `depth ${((episode?.depth ?? 0) * 1e3).toFixed(1)} mm, force max ${(episode?.max_force ?? 0).toFixed(1)} N` +
          `${episode?.violation ? ', VIOLATION' : ''}`,
      );
      // An episode that practice calls over (a limit broken, no way on) is an ordinary end too.
      const practised = config.practice !== undefined && ended === 'disengage';
      if (!needsPerson || options.headless || practised) continue;
      live.line(`stopped: ${ended}. Nothing moves until an operator resets, arms and engages at the console.`);
      await waitForPerson(daemon, abort.signal);
    }
  } catch (error) {
    if (!abort.signal.aborted) failure = error as Error;
  }

  clearInterval(ticker);
  const summary = (await daemon.reflex.summary().catch(() => ({}))) as Record<string, never>;
  const memory_mb = memory.stop();
  live.line('stopping the robot …');
  const code = await daemon.stop();
  const held = await robot.held(2000);
  await robot.close();
  await endProcess(simulation);
  live.done();

  const result = {
    ...score,
    interventions: summary.interventions ?? 0,
    commands_sent: summary.sent ?? 0,
    commands_refused: summary.refused ?? 0,
    ticks: summary.ticks ?? 0,
    overruns: summary.overruns ?? 0,
    skipped: summary.skipped ?? 0,
    starved: summary.starved ?? 0,
    lateness_us: summary.lateness_us ?? null,
    tick_us: summary.tick_us ?? null,
    loop_ms: summary.loop_ms ?? null,
    gc: summary.gc ?? null,
    mode: summary.mode ?? 'unknown',
    robot_held: held,
    memory_mb,
    log: config.log.enabled ? log.path : '',
    recorded: daemon.recorded,
  };
  if (failure) say(`RA_INTERNAL: ${failure.message}; see ${lines}`);
  if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else say(table([...summaryRows(result, summary), ...recordedRows(log.shown, daemon.recorded)]));
  return failure !== null || code !== 0 ? 1 : 0;
}

/** In stepped time, of wall time: without a heartbeat, and between two pings. */
const PATIENCE_MS = 3000;

/** Applies the options, finds or checks the ports, and points the bridge at the simulated robot. */
async function settle(config: RunConfig, options: DemoOptions): Promise<void> {
  if (options.seed !== undefined) config.seed = options.seed;
  if (options.speed === 'max') {
    config.daemon.time = 'stepped';
    // The robot's time stands still while a busy machine does: nobody is dead of that.
    config.daemon.heartbeat_ms = Math.max(config.daemon.heartbeat_ms, PATIENCE_MS);
    config.bridge.ping_ms = Math.max(config.bridge.ping_ms, PATIENCE_MS);
  }
  if (options.log === false) Object.assign(config.log, { enabled: false, black_box_s: 0 });
  config.daemon.console_port = options.consolePort ?? config.daemon.console_port;
  config.daemon.ros_port = options.rosPort ?? config.daemon.ros_port;
  if (config.daemon.console_port === 0) config.daemon.console_port = await freePort();
  if (config.daemon.ros_port === 0) config.daemon.ros_port = await freePort();
  config.daemon.foxglove_port = await viewerPort(config, options);
  let port = options.simPort ?? Number(new URL(config.bridge.url).port);
  if (port === 0) port = await freePort();
  config.bridge.url = `ws://127.0.0.1:${port}`;
  await requireFreePort('127.0.0.1', port, 'the simulated robot (--sim-port)');
  await requireFreePort(config.daemon.host, config.daemon.console_port, 'the console (--console-port)');
  await requireFreePort(config.daemon.host, config.daemon.ros_port, "the daemon's ROS server (--ros-port)");
}

/** Where viewers connect: as told, and where nobody told, another port if that of the config is taken. */
async function viewerPort({ daemon }: RunConfig, { foxglovePort }: DemoOptions): Promise<number | null> {
  const port = foxglovePort ?? daemon.foxglove_port;
  if (!port) return null;
  try {
    await requireFreePort(daemon.host, port, 'the live view (--foxglove-port)');
    return port;
  } catch (error) {
    if (foxglovePort !== undefined) throw error;
    return freePort(daemon.host);
  }
}

async function startSimulation(
  file: string,
  config: RunConfig,
  options: DemoOptions,
  lines: string,
): Promise<ChildProcess> {
  const port = new URL(config.bridge.url).port;
  const args = [
    'sim',
    file,
    '--json',
    '--port',
    port,
    '--seed',
    String(config.seed),
    '--speed',
    options.speed ?? 'real',
  ];
  for (const set of options.set) args.push('--set', set);
  const main = join(packageRoot, 'dist/src/cli/main.js');
  const child = spawn(process.execPath, [main, ...args], { stdio: ['pipe', 'pipe', openSync(lines, 'a')] });
  child.stdin?.on('error', () => {});
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout! }).once('line', () => resolve());
    child.once('exit', (code) =>
      reject(
        new ReflexArcError('RA_PROCESS_DIED', {
          seen: `the simulated robot ended with ${code}`,
          allowed: `running; see ${lines}`,
        }),
      ),
    );
  });
  return child;
}

interface WatchedRobot extends EpisodeSource {
  /** True when the robot side says that it holds, within `withinMs`. */
  held(withinMs: number): Promise<boolean>;
  close(): Promise<void>;
}

/** The demo's own ROS client on the robot: starts episodes and reads the score. */
async function watchRobot(config: RunConfig): Promise<WatchedRobot> {
  const { task, robot } = config;
  const client = robotClient(config, new MonotonicClock(), [
    { topic: task.episode_topic, type: TYPES.episodeStatus },
    { topic: robot.topics.robot_status, type: TYPES.robotStatus },
  ]);
  let status: RobotStatus | null = null;
  const watched = {
    latest: null as EpisodeStatus | null,
    async reset() {
      await client.call(task.reset_service, TYPES.trigger, {}, 5000);
    },
    async held(withinMs: number) {
      const end = performance.now() + withinMs;
      while (status?.holding !== true && performance.now() < end)
        await new Promise((resolve) => setTimeout(resolve, 10));
      return status?.holding === true;
    },
    close: () => client.close(),
  };
  client.frames$.subscribe((frame) => {
    if (frame.topic === task.episode_topic) watched.latest = frame.message as EpisodeStatus;
    else status = frame.message as RobotStatus;
  });
  await client.open();
  return watched;
}

/** Until a person has engaged and that run has come to rest again, or the demo ends. */
async function waitForPerson(daemon: Daemon, signal: AbortSignal): Promise<void> {
  const mode = () => daemon.reflex.status$.value?.mode ?? 'BOOT';
  while (!signal.aborted && mode() !== 'ACTIVE') await new Promise((resolve) => setTimeout(resolve, 50));
}

/** Largest resident memory of each process, sampled each second. */
class MemoryWatch {
  readonly #peak: Record<string, number> = {};
  readonly #timer: NodeJS.Timeout;
  readonly #sample: () => void;

  constructor(processes: () => Iterable<readonly [string, number]>) {
    this.#sample = () => {
      for (const [name, pid] of processes()) {
        const mb = residentMb(pid);
        if (mb > (this.#peak[name] ?? 0)) this.#peak[name] = Math.round(mb);
      }
    };
    this.#timer = setInterval(this.#sample, 1000);
  }

  stop(): Record<string, number> {
    clearInterval(this.#timer);
    this.#sample();
    return this.#peak;
  }
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const killer = setTimeout(() => child.kill('SIGKILL'), 3000);
  await ended;
  clearTimeout(killer);
}

function summaryRows(r: Record<string, unknown>, cadence: Partial<CadenceSummary>): [string, string][] {
  const memory = r.memory_mb as Record<string, number>;
  const total = Object.values(memory).reduce((a, b) => a + b, 0);
  return [
    ['episodes', `${r.episodes}, ${r.successes} succeeded, ${r.violations} with a violation`],
    ['interventions', String(r.interventions)],
    ['commands', `${r.commands_sent} sent, ${r.commands_refused} refused`],
    ...cadenceRows(cadence),
    [
      'memory MB',
      `${Object.entries(memory)
        .map(([n, mb]) => `${n} ${mb}`)
        .join('  ')}  total ${total}`,
    ],
    ['robot', r.robot_held ? 'held' : 'NOT CONFIRMED HELD'],
  ];
}
