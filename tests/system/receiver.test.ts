import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { type Ros, Topic } from 'roslib';
import { describe, expect, it } from 'vitest';
import type { EquilibriumCommand, PoseStamped, RobotStatus } from '../../bridges/messages/messages.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { needs } from '../interop/peers.ts';
import { prepareRoslibpy, ROSLIBPY } from '../interop/roslibpy.ts';
import {
  endProcess,
  engage,
  pause,
  resetEpisode,
  rosClient,
  Sim,
  shared,
  startDaemon,
  stepped,
  type TestDaemon,
  until,
} from './harness.ts';

/** Leases of seconds: a busy machine must not let go by itself. Of the robot's time the daemon's is stepped. */
const LEASE_MS = 3000;
const RELAY = join(packageRoot, 'tests/interop/rospy_over_websocket.py');
const NODE = join(packageRoot, 'bridges/receivers/ros1_receiver.py');

let missing = '';
let sim: Sim;
let t: TestDaemon;
let ros: Ros;
const nodes: ChildProcess[] = [];

const daemon = () =>
  startDaemon(sim.port, (config) => {
    stepped(config);
    config.safety.lease_ms = LEASE_MS;
  });

async function begin(): Promise<void> {
  missing = prepareRoslibpy();
  if (missing !== '') return;
  sim = await Sim.start(undefined, ['--speed', 'max']);
  const receiver = (...args: string[]) =>
    nodes.push(spawn(ROSLIBPY, [RELAY, String(sim.port), NODE, ...args], { stdio: ['ignore', 'inherit', 'pipe'] }));
  receiver('_output:=/guarded', '_status:=/guarded/status', `_deadman_ms:=${LEASE_MS}`);
  receiver(
    '_kind:=pose_stamped',
    '_command:=/pose',
    '_output:=/guarded/pose',
    '_status:=/pose/status',
    `_deadman_ms:=${LEASE_MS}`,
  );
  for (const node of nodes) node.stderr!.resume();
  t = await daemon();
  ros = await rosClient(sim.port);
}
async function end(): Promise<void> {
  ros?.close();
  for (const node of nodes.splice(0)) await endProcess(node);
  await t?.stop();
  await sim?.stop();
}
shared(begin, end);

function heard<T>(name: string, messageType: string): T[] {
  const all: T[] = [];
  new Topic<T>({ ros, name, messageType }).subscribe((message) => all.push(message));
  return all;
}

describe('the reference receiver between our daemon and a controller', () => {
  it('follows it, holds when it dies, refuses what it said before, and follows a new one', async (context) => {
    needs(context, 'pypi', 'roslibpy', missing);
    const commands = heard<EquilibriumCommand>('/equilibrium_command', 'reflexarc_msgs/msg/EquilibriumCommand');
    const out = heard<EquilibriumCommand>('/guarded', 'reflexarc_msgs/msg/EquilibriumCommand');
    const status = heard<RobotStatus>('/guarded/status', 'reflexarc_msgs/msg/RobotStatus');
    await until(() => status.at(-1)?.reason === 'start', 20_000, 'the receiver');
    await resetEpisode(ros, t);
    await engage(t);
    await until(() => out.filter((m) => m.source === 'policy').length > 20, 20_000, 'commands that passed');
    expect(status.at(-1)).toMatchObject({ holding: false, reason: '' });
    // What passed is what was sent, number for number.
    const sent = new Map(commands.map((m) => [`${m.epoch} ${m.seq}`, m]));
    const passed = out.slice(0, 20).filter((m) => sent.has(`${m.epoch} ${m.seq}`));
    expect(passed.length).toBeGreaterThan(10);
    for (const m of passed) expect(m.pose).toEqual(sent.get(`${m.epoch} ${m.seq}`)!.pose);

    const old = commands.at(-1)!;
    for (const name of ['sentinel', 'reflex', 'brain', 'observer']) process.kill(t.daemon.pids.get(name)!, 'SIGKILL');
    await until(() => status.at(-1)!.holding, 20_000, 'the receiver to let go');
    expect(status.at(-1)!.reason).toMatch(/^(deadman|stop: )/);
    const { accepted } = status.at(-1)!;
    const liar = new Topic<EquilibriumCommand>({
      ros,
      name: '/equilibrium_command',
      messageType: 'reflexarc_msgs/msg/EquilibriumCommand',
    });
    const refused = async (message: EquilibriumCommand) => {
      const before = status.at(-1)!.refused;
      liar.publish(message);
      await until(() => status.at(-1)!.refused > before, 20_000, 'a refusal');
      return status.at(-1)!.last_refusal;
    };
    expect(await refused(old)).toBe('old sequence');
    expect(await refused({ ...old, seq: old.seq + 1000 })).toMatch(/^(held|stopped)$/);
    expect(await refused({ ...old, epoch: old.epoch - 1 })).toBe('old epoch');
    expect(await refused({ ...old, epoch: old.epoch + 1, stiffness: null as unknown as number })).toBe('malformed');
    expect(status.at(-1)).toMatchObject({ holding: true, accepted });

    await t.stop();
    t = await daemon();
    await resetEpisode(ros, t);
    await engage(t);
    await until(() => !status.at(-1)!.holding, 20_000, 'the receiver to follow the new daemon');
    expect(status.at(-1)!.epoch).toBeGreaterThan(old.epoch);
  });

  it('knows by the lease beside them when commands without any of ours may be followed', async (context) => {
    needs(context, 'pypi', 'roslibpy', missing);
    const status = heard<RobotStatus>('/pose/status', 'reflexarc_msgs/msg/RobotStatus');
    const out = heard<PoseStamped>('/guarded/pose', 'geometry_msgs/msg/PoseStamped');
    const talker = new Topic<PoseStamped>({ ros, name: '/pose', messageType: 'geometry_msgs/msg/PoseStamped' });
    const said: PoseStamped = {
      header: { stamp: { sec: 0, nanosec: 0 }, frame_id: 'base' },
      pose: { position: { x: 0.51, y: 0, z: 0.2 }, orientation: { x: 1, y: 0, z: 0, w: 0 } },
    };
    await engage(t);
    await until(() => status.at(-1)?.holding === false, 20_000, 'a lease');
    await until(
      () => {
        talker.publish(said);
        return out.some((m) => m.pose.position.x === 0.51);
      },
      20_000,
      'a pose that passed',
    );
    // Disarmed, the daemon commands nothing: no lease, and nobody else's pose passes.
    const { reflex } = t.daemon;
    await reflex.request({ kind: 'stop' });
    const { incident } = await reflex.until((s) => s.mode === 'STOPPED', 20_000);
    await reflex.request({ kind: 'reset', incident });
    await until(() => status.at(-1)!.holding, 20_000, 'the lease to end');
    expect(status.at(-1)!.reason).toBe('deadman');
    const { refused } = status.at(-1)!;
    talker.publish({ ...said, pose: { ...said.pose, position: { x: 0.52, y: 0, z: 0.2 } } });
    await until(() => status.at(-1)!.refused > refused, 20_000, 'a refusal');
    expect(status.at(-1)!.last_refusal).toBe('no lease');
    await pause(50);
    expect(out.some((m) => m.pose.position.x === 0.52)).toBe(false);
  });
});
