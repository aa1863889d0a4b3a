import type { Ros } from 'roslib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EquilibriumCommand, PoseStamped, RobotStatus } from '../../bridges/messages/messages.ts';
import type { LadderTransition } from '../../src/core/signals.ts';
import type { SentinelEvent } from '../../src/daemon/launch.ts';
import {
  alive,
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
} from './harness.ts';

/** kill -9 on real processes, a real websocket, a moving robot. Times are printed, not judged: benches judge times. */
let sim: Sim;
let cable: Cable;
let t: TestDaemon;
let ros: Ros;
let status: RobotStatus | null;
let position: number[];
const transitions: LadderTransition[] = [];
const events: SentinelEvent[] = [];
const commands: { epoch: number; seq: number; atMs: number }[] = [];

beforeEach(async () => {
  transitions.length = 0;
  events.length = 0;
  commands.length = 0;
  status = null;
  sim = await Sim.start();
  cable = await Cable.to(sim.port);
  t = await startDaemon(cable.port);
  t.daemon.reflex.transitions$.subscribe((x) => transitions.push(x));
  t.daemon.events$.subscribe((x) => events.push(x));
  ros = await rosClient(sim.port);
  listen<RobotStatus>(ros, '/robot_status', 'reflexarc_msgs/msg/RobotStatus', (m) => {
    status = m;
  });
  listen<PoseStamped>(ros, '/ee_pose', 'geometry_msgs/msg/PoseStamped', ({ pose: { position: p } }) => {
    position = [p.x, p.y, p.z];
  });
  listen<EquilibriumCommand>(ros, '/equilibrium_command', 'reflexarc_msgs/msg/EquilibriumCommand', (m) => {
    commands.push({ epoch: m.epoch, seq: m.seq, atMs: performance.now() });
  });
  await callTrigger(ros, '/reset_episode');
  await engage(t);
  await until(() => status?.holding === false, 3000, 'the robot to follow commands');
});

afterEach(async () => {
  ros.close();
  await t.stop();
  cable.close();
  await sim.stop();
});

/** Largest distance the tip moves in `ms`, metres. */
async function travel(ms: number): Promise<number> {
  const from = [...position];
  let most = 0;
  const end = performance.now() + ms;
  while (performance.now() < end) {
    await pause(5);
    most = Math.max(most, Math.hypot(...position.map((v, i) => v - from[i]!)));
  }
  return most;
}

const pid = (name: string) => t.daemon.pids.get(name)!;

describe('kill -9 in mid-motion', () => {
  it('of the brain: the reflex stops the robot and says why; nothing moves until an operator arms and engages', async () => {
    const brain = pid('brain');
    const at = performance.now();
    process.kill(brain, 'SIGKILL');
    await until(() => transitions.some((x) => x.to === 'STOPPING'), 1000, 'the ladder to stop');
    const stoppingMs = performance.now() - at;
    expect(transitions.find((x) => x.to === 'STOPPING')?.cause).toBe('brain_lost');
    await until(() => transitions.some((x) => x.to === 'STOPPED'), 3000, 'the robot to stand');
    const stoppedMs = performance.now() - at;
    console.log(`kill -9 brain: STOPPING after ${stoppingMs.toFixed(1)} ms, STOPPED after ${stoppedMs.toFixed(0)} ms`);

    await until(() => pid('brain') !== brain && t.daemon.reflex.status$.value?.brainUp, 10_000, 'the brain to be back');
    expect(await travel(1500)).toBeLessThan(0.001);
    expect(t.daemon.reflex.status$.value?.mode).toBe('STOPPED');

    const refused = await t.daemon.reflex.request({ kind: 'engage' });
    expect(refused.accepted).toBe(false);
    await t.daemon.reflex.request({ kind: 'reset', incident: t.daemon.reflex.status$.value!.incident });
    expect(t.daemon.reflex.status$.value?.mode).toBe('DISARMED');
    await engage(t);
    expect(t.daemon.reflex.status$.value?.mode).toBe('ACTIVE');
  });

  it("of the reflex: the sentinel's stop reaches the robot, and the new reflex comes up disarmed", async () => {
    const reflex = pid('reflex');
    const at = performance.now();
    process.kill(reflex, 'SIGKILL');
    await until(() => status?.holding === true, 2000, 'the robot to hold');
    console.log(`kill -9 reflex: robot holds after ${(performance.now() - at).toFixed(1)} ms (${status?.reason})`);
    expect(status?.reason).toMatch(/^stop/);
    await until(() => events.some((e) => e.event === 'stop' && e.sent), 1000, "the sentinel's word");
    await until(() => pid('reflex') !== reflex, 5000, 'a new reflex');
    await t.daemon.reflex.until((s) => s.mode === 'DISARMED', 10_000);
    expect(await travel(500)).toBeLessThan(0.001);
  });

  it('of a stalled reflex: the sentinel hears the silence, stops the robot and replaces it', async () => {
    const reflex = pid('reflex');
    const at = performance.now();
    process.kill(reflex, 'SIGSTOP');
    await until(() => status?.holding === true, 2000, 'the robot to hold');
    console.log(`SIGSTOP reflex: robot holds after ${(performance.now() - at).toFixed(1)} ms (${status?.reason})`);
    await until(() => !alive(reflex), 3000, 'the stalled reflex to be gone');
  });

  it("of everything: the robot's own deadman holds", async () => {
    const at = performance.now();
    for (const name of ['sentinel', 'reflex', 'brain', 'observer']) process.kill(pid(name), 'SIGKILL');
    await until(() => status?.holding === true, 2000, 'the deadman');
    console.log(`kill -9 of all: robot holds after ${(performance.now() - at).toFixed(1)} ms (${status?.reason})`);
    expect(status?.reason).toBe('deadman');
    // The servo brings a moving arm to rest at the pose where it began to hold.
    await pause(300);
    expect(await travel(500)).toBeLessThan(0.001);
  });
});

describe('the cable is cut and restored in mid-episode', () => {
  it('not one command made before the cut arrives after it, while the policy runs on', async () => {
    await pause(300);
    cable.cut();
    await until(() => status?.holding === true, 2000, 'the deadman');
    const before = commands.at(-1)!;
    await pause(1000);
    const arrived = commands.length;
    cable.restore();
    await t.daemon.reflex.until((s) => s.linkUp, 10_000);
    await pause(700);
    const after = commands.slice(arrived);
    expect(after.filter((c) => c.epoch <= before.epoch && c.seq > before.seq)).toEqual([]);
    expect(after.filter((c) => c.epoch === before.epoch)).toEqual([]);
    expect(t.daemon.reflex.status$.value?.mode).not.toBe('ACTIVE');
    expect(transitions.some((x) => x.to === 'STOPPING')).toBe(true);
    expect(await travel(500)).toBeLessThan(0.001);
  });
});
