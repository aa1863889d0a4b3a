import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ros } from 'roslib';
import { expect } from 'vitest';
import type { EquilibriumCommand, PoseStamped, RobotStatus } from '../../../bridges/messages/messages.ts';
import type { RunConfig } from '../../../src/core/config-schema.ts';
import { packageRoot } from '../../../src/core/paths.ts';
import type { LadderTransition } from '../../../src/core/signals.ts';
import type { SentinelEvent } from '../../../src/daemon/launch.ts';
import {
  Cable,
  callTrigger,
  engage,
  listen,
  pause,
  rosClient,
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

/** A simulated robot in its own process, a cable, a daemon of real processes, and a stock roslib client at the robot. */
export class World {
  readonly transitions: LadderTransition[] = [];
  readonly events: SentinelEvent[] = [];
  /** Commands as they arrived at the robot. */
  readonly commands: Seen[] = [];
  status: RobotStatus | null = null;
  position: number[] = [];
  sim!: Sim;
  cable!: Cable;
  t!: TestDaemon;
  ros!: Ros;
  faultMs = 0;
  #faultCommands = 0;
  #faultTransitions = 0;
  readonly #faults = mkdtempSync(join(tmpdir(), 'reflexarc-faults-'));

  /** Everything up, the policy moving the robot. */
  static async moving(change: (config: RunConfig) => void = () => {}, logPath?: string): Promise<World> {
    const world = new World();
    world.sim = await Sim.start();
    world.cable = await Cable.to(world.sim.port);
    process.env.NODE_OPTIONS = `--require ${join(packageRoot, 'tests/safety/process/faults.cjs')}`;
    process.env.REFLEXARC_TEST_FAULTS = world.#faults;
    try {
      world.t = await startDaemon(world.cable.port, change, logPath);
    } finally {
      delete process.env.NODE_OPTIONS;
      delete process.env.REFLEXARC_TEST_FAULTS;
    }
    world.t.daemon.reflex.transitions$.subscribe((x) => world.transitions.push(x));
    world.t.daemon.events$.subscribe((x) => world.events.push(x));
    await world.watch();
    await callTrigger(world.ros, '/reset_episode');
    await engage(world.t);
    await until(() => world.status?.holding === false, 3000, 'the robot to follow commands');
    // On the way here a busy machine may have stopped it once or twice.
    world.#faultTransitions = world.transitions.length;
    return world;
  }

  /** Listens at the robot, anew after it was restarted. */
  async watch(): Promise<void> {
    this.ros = await rosClient(this.sim.port);
    listen<RobotStatus>(this.ros, '/robot_status', 'reflexarc_msgs/msg/RobotStatus', (m) => {
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

  /** The fault arises in `act`: times to safe count from here. */
  fault(act: () => void): void {
    this.faultMs = performance.now();
    this.#faultCommands = this.commands.length;
    this.#faultTransitions = this.transitions.length;
    act();
  }

  /** ms from the fault to the first command that is not the policy's, or to the held robot, whichever is first. */
  async safe(withinMs = 3000): Promise<number> {
    const safe = () => this.commands.slice(this.#faultCommands).find((c) => SAFE.includes(c.source));
    await until(
      () => this.status?.holding === true || safe() !== undefined,
      withinMs,
      'a safe command or a held robot',
    );
    return (safe()?.atMs ?? performance.now()) - this.faultMs;
  }

  /** ms from the fault to the held robot. */
  async held(withinMs = 3000): Promise<number> {
    await until(() => this.status?.holding === true, withinMs, 'the robot to hold');
    return performance.now() - this.faultMs;
  }

  /** The first transition to `mode` after the fault. */
  async reaches(mode: string, withinMs = 5000): Promise<LadderTransition> {
    const reached = () => this.transitions.slice(this.#faultTransitions).find((x) => x.to === mode);
    await until(() => reached() !== undefined, withinMs, mode);
    return reached()!;
  }

  /** Why the ladder stopped since the last fault, or since the robot moves. */
  get stops(): string[] {
    return this.transitions.slice(this.#faultTransitions).flatMap((x) => (x.to === 'STOPPING' ? [x.cause] : []));
  }

  /** Nothing moves in `ms`, nobody engages by himself, and all that ever arrived was finite. */
  async stays(ms = 500): Promise<void> {
    // The servo brings a moving arm to rest first.
    await pause(300);
    const from = [...this.position];
    let most = 0;
    const end = performance.now() + ms;
    while (performance.now() < end) {
      await pause(5);
      most = Math.max(most, Math.hypot(...this.position.map((v, i) => v - from[i]!)));
    }
    expect(most).toBeLessThan(0.001);
    expect(['ENGAGING', 'ACTIVE', 'RECOVERY']).not.toContain(this.mode);
    expect(this.commands.filter((c) => !c.finite)).toEqual([]);
  }

  async end(): Promise<void> {
    this.ros.close();
    await this.t.stop();
    this.cable.close();
    await this.sim.stop();
    rmSync(this.#faults, { recursive: true, force: true });
  }
}
