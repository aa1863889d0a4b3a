import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ros } from 'roslib';
import { expect } from 'vitest';
import type {
  DiagnosticArray,
  EquilibriumCommand,
  PoseStamped,
  RobotStatus,
} from '../../../bridges/messages/messages.ts';
import { loadRun } from '../../../src/core/config/load.ts';
import type { RunConfig } from '../../../src/core/config-schema.ts';
import { packageRoot } from '../../../src/core/paths.ts';
import type { LadderTransition } from '../../../src/core/signals.ts';
import { worldOf } from '../../../src/core/task-world.ts';
import type { SentinelEvent } from '../../../src/daemon/launch.ts';
import {
  Cable,
  engage,
  listen,
  pause,
  RUN_FILE,
  resetEpisode,
  rosClient,
  rosClientOf,
  Sim,
  startDaemon,
  type TestDaemon,
  until,
} from '../../system/harness.ts';

interface Seen {
  epoch: number;
  seq: number;
  source: string;
  finite: boolean;
  atMs: number;
}

const SAFE = ['brake', 'hold'];
const HEARTBEAT_MS = loadRun(RUN_FILE, []).config.daemon.heartbeat_ms;
/** Where it is tested how long a reflex may be silent: so long as in the shipped run. */
export const shippedHeartbeat = ({ daemon }: RunConfig): void => {
  daemon.heartbeat_ms = HEARTBEAT_MS;
};
/** What may stop a policy whose brain, or whose robot, gets no core in time: nothing of the reflex itself. */
export const LATE = ['decision_stale', 'not_acknowledged'];

/** A simulated robot in its own process, a cable, a daemon of real processes, and a stock roslib client at the robot. */
export class World {
  readonly transitions: LadderTransition[] = [];
  readonly events: SentinelEvent[] = [];
  /** Commands as they arrived at the robot. */
  readonly commands: Seen[] = [];
  status: RobotStatus | null = null;
  /** What the robot said when it last let go. */
  letGo: RobotStatus | null = null;
  position: number[] = [];
  sim!: Sim;
  cable!: Cable;
  t!: TestDaemon;
  ros!: Ros;
  /** A client of the daemon's own server. */
  #daemon: Ros | null = null;
  faultMs = 0;
  #faultCommands = 0;
  #faultTransitions = 0;
  /** Every process of the daemon that there ever was. */
  readonly #pids = new Set<number>();
  readonly #faults = mkdtempSync(join(tmpdir(), 'reflexarc-faults-'));

  /** Everything up, the policy moving the robot. What was started ends also when this fails. */
  static async moving(change: (config: RunConfig) => void = () => {}, logPath?: string): Promise<World> {
    const world = new World();
    try {
      await world.#start(change, logPath);
    } catch (error) {
      await world.end();
      throw error;
    }
    return world;
  }

  async #start(change: (config: RunConfig) => void, logPath?: string): Promise<void> {
    this.sim = await Sim.start();
    this.cable = await Cable.to(this.sim.port);
    process.env.NODE_OPTIONS = `--require ${join(packageRoot, 'tests/safety/process/faults.cjs')}`;
    process.env.REFLEXARC_TEST_FAULTS = this.#faults;
    try {
      this.t = await startDaemon(this.cable.port, change, logPath);
    } finally {
      delete process.env.NODE_OPTIONS;
      delete process.env.REFLEXARC_TEST_FAULTS;
    }
    this.t.daemon.reflex.transitions$.subscribe((x) => this.transitions.push(x));
    this.#pids.add(this.pid('sentinel'));
    this.t.daemon.events$.subscribe((x) => {
      this.events.push(x);
      if (x.event === 'started') this.#pids.add(x.pid);
    });
    await this.watch();
    // Its own server is there too, for who comes as a stranger.
    (await rosClientOf(this.t.config.daemon.ros_port)).close();
    await resetEpisode(this.ros, this.t);
    await engage(this.t);
    await until(() => this.status?.holding === false, 20_000, 'the robot to follow commands');
    // On the way here a busy machine may have stopped it once or twice.
    this.#faultTransitions = this.transitions.length;
  }

  /** Listens at the robot, anew after it was restarted. */
  async watch(): Promise<void> {
    this.ros = await rosClient(this.sim.port);
    listen<RobotStatus>(this.ros, '/robot_status', 'reflexarc_msgs/msg/RobotStatus', (m) => {
      if (m.holding && this.status?.holding === false) this.letGo = m;
      this.status = m;
    });
    listen<PoseStamped>(this.ros, '/ee_pose', 'geometry_msgs/msg/PoseStamped', ({ pose: { position: p } }) => {
      this.position = [p.x, p.y, p.z];
    });
    listen<EquilibriumCommand>(this.ros, '/equilibrium_command', 'reflexarc_msgs/msg/EquilibriumCommand', (m) => {
      const { position: p, orientation: q } = m.pose;
      const finite = [p.x, p.y, p.z, q.x, q.y, q.z, q.w, m.stiffness, m.stiffness_rotation].every(Number.isFinite);
      this.commands.push({ epoch: m.epoch, seq: m.seq, source: m.source, finite, atMs: performance.now() });
    });
  }

  /** Listens to the daemon's own server: what each part says in /diagnostics, empty before it does. */
  async diagnostics(): Promise<(part: string) => Readonly<Record<string, string>>> {
    this.#daemon = await rosClient(this.t.config.daemon.ros_port);
    let newest: DiagnosticArray | null = null;
    listen<DiagnosticArray>(this.#daemon, '/diagnostics', 'diagnostic_msgs/msg/DiagnosticArray', (m) => {
      newest = m;
    });
    return (part) => {
      const said = newest?.status.find(({ name }) => name === `reflexarc: ${part}`);
      return { message: said?.message ?? '', ...Object.fromEntries((said?.values ?? []).map((v) => [v.key, v.value])) };
    };
  }

  get mode(): string {
    return this.t.daemon.reflex.status$.value?.mode ?? 'gone';
  }

  pid(name: string): number {
    return this.t.daemon.pids.get(name) ?? -1;
  }

  /** Makes process `name` do `what` to itself (faults.cjs). */
  inject(name: string, what: string): void {
    writeFileSync(join(this.#faults, name), what);
    process.kill(this.pid(name), 'SIGUSR2');
  }

  /** How often process `name` has done `what` to itself, as it says itself. */
  done(name: string, what: string): number {
    const file = join(this.#faults, `${name}.done`);
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
    return lines.filter((line) => line === what).length;
  }

  /** The fault arises in `act`: times to safe count from here. */
  fault(act: () => void): void {
    this.faultMs = performance.now();
    this.#faultCommands = this.commands.length;
    this.#faultTransitions = this.transitions.length;
    act();
  }

  /** ms from the fault to the first command that is not the policy's, or to the held robot, whichever is first. */
  async safe(withinMs = 20_000): Promise<number> {
    const safe = () => this.commands.slice(this.#faultCommands).find((c) => SAFE.includes(c.source));
    await until(
      () => this.status?.holding === true || safe() !== undefined,
      withinMs,
      'a safe command or a held robot',
    );
    return (safe()?.atMs ?? performance.now()) - this.faultMs;
  }

  /**
   * ms from the fault to the held robot: of the clock on the wall, and so of the machine's other work too. What is judged is the
   * robot's own clock: no command was in force for longer than the deadman, and it let go within one of its periods.
   */
  async held(withinMs = 20_000): Promise<number> {
    await until(() => this.status?.holding === true, withinMs, 'the robot to hold');
    const { deadman_ms, state_hz } = worldOf(this.t.config.task);
    expect(this.letGo!.command_age_ms).toBeLessThanOrEqual(deadman_ms + 1000 / state_hz + 1e-6);
    if (this.letGo!.reason === 'deadman') expect(this.letGo!.command_age_ms).toBeGreaterThan(deadman_ms);
    return performance.now() - this.faultMs;
  }

  /** The first transition to `mode` after the fault. */
  async reaches(mode: string, withinMs = 20_000): Promise<LadderTransition> {
    const reached = () => this.transitions.slice(this.#faultTransitions).find((x) => x.to === mode);
    await until(() => reached() !== undefined, withinMs, mode);
    return reached()!;
  }

  /** Why the ladder stopped since the last fault, or since the robot moves. */
  get stops(): string[] {
    return this.transitions.slice(this.#faultTransitions).flatMap((x) => (x.to === 'STOPPING' ? [x.cause] : []));
  }

  /**
   * Control goes on: nothing has died, and nothing has stopped it since it moves but a policy or an echo that came late on a busy
   * machine. The policy moves the robot still, or again after an operator's acts.
   */
  async goesOn(causes: readonly string[] = LATE): Promise<void> {
    const end = performance.now() + 30_000;
    for (let moved = 0; moved < 20; ) {
      await engage(this.t);
      const from = this.commands.length;
      const policy = () => this.commands.slice(from).filter((c) => c.source === 'policy').length;
      await until(() => policy() >= 20 || this.mode !== 'ACTIVE', 20_000, 'commands of the policy');
      moved = policy();
      if (performance.now() > end)
        throw new Error(`${moved} commands of the policy in a row; stopped by ${this.stops}`);
    }
    expect(this.stops.filter((cause) => !causes.includes(cause))).toEqual([]);
    expect(this.transitions.map((x) => x.to)).not.toContain('FAULT');
    expect(this.events.filter((e) => e.event === 'died' || e.event === 'stop')).toEqual([]);
  }

  /** Commands came in order, none twice; and what the robot refused since, it refused for nothing but one of `reasons`. */
  inOrder(refusedBefore: number, reasons: readonly string[] = []): void {
    const { commands } = this;
    for (let i = 1; i < commands.length; i++) {
      expect(commands[i]!.epoch).toBeGreaterThanOrEqual(commands[i - 1]!.epoch);
      if (commands[i]!.epoch === commands[i - 1]!.epoch) expect(commands[i]!.seq).toBeGreaterThan(commands[i - 1]!.seq);
    }
    const { refused, last_refusal } = this.status!;
    if (reasons.includes(last_refusal)) return;
    expect({ refused, last_refusal }).toEqual({ refused: refusedBefore, last_refusal });
  }

  /** Nothing moves in `ms`, nobody engages by himself, and all that ever arrived was finite. */
  async stays(ms = 500, within = 0.001): Promise<void> {
    // The servo brings a moving arm to rest first.
    await pause(300);
    const from = [...this.position];
    let most = 0;
    const end = performance.now() + ms;
    while (performance.now() < end) {
      await pause(5);
      most = Math.max(most, Math.hypot(...this.position.map((v, i) => v - from[i]!)));
    }
    expect(most).toBeLessThan(within);
    expect(['ENGAGING', 'ACTIVE', 'RECOVERY']).not.toContain(this.mode);
    expect(this.commands.filter((c) => !c.finite)).toEqual([]);
  }

  /** Ends all that was started, whatever state it is in: also what was stopped, or does not end when asked. */
  async end(): Promise<void> {
    const signal = (name: NodeJS.Signals) => {
      for (const pid of this.#pids) if (isOurs(pid)) process.kill(pid, name);
    };
    signal('SIGCONT');
    this.sim?.child.kill('SIGCONT');
    this.ros?.close();
    this.#daemon?.close();
    await Promise.race([this.t?.stop(), pause(10_000)]);
    signal('SIGKILL');
    this.cable?.close();
    await this.sim?.stop();
    rmSync(this.#faults, { recursive: true, force: true });
  }
}

/** The process is there, and one of a daemon: a number may have been given to another one since. */
function isOurs(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(join('dist', 'src', 'daemon'));
  } catch {
    return false;
  }
}
