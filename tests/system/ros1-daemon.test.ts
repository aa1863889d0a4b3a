import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ros } from 'roslib';
import { describe, expect, it } from 'vitest';
import { RawClient } from '../bridges/rosserver/raw-client.ts';
import { type Asked, askGenpy, buildOurs, GENPY_MODULES } from '../interop/genpy.ts';
import { needs, ros1Lacks } from '../interop/peers.ts';
import { Ros1Bridge, type Said } from '../interop/ros1-bridge.ts';
import {
  engage,
  resetEpisode,
  rosClient,
  Sim,
  shared,
  startDaemon,
  stepped,
  type TestDaemon,
  until,
} from './harness.ts';

/**
 * The daemon before a robot of ROS 1, in stepped time. Debian has no rosbridge for ROS 1: the bridge is a stand-in that drops
 * what the real one drops, before the simulated robot; types and bytes of what was said are genpy's to judge.
 */
let sim: Sim;
let bridge: Ros1Bridge;
let t: TestDaemon;
let robot: RawClient;
/** At the robot itself, behind the bridge. */
let ros: Ros;
let dir: string;

async function begin(): Promise<void> {
  dir = mkdtempSync(join(tmpdir(), 'reflexarc-ros1-'));
  sim = await Sim.start(undefined, ['--speed', 'max']);
  bridge = await Ros1Bridge.before(sim.port);
  t = await startDaemon(bridge.port, (config) => {
    config.bridge.ros_version = 'auto';
    stepped(config);
  });
  await t.daemon.reflex.until((s) => s.linkUp && s.mode === 'DISARMED', 20_000);
  robot = await RawClient.open(bridge.port);
  ros = await rosClient(sim.port);
}
async function end(): Promise<void> {
  robot?.close();
  ros?.close();
  await t?.stop();
  bridge?.close();
  await sim?.stop();
  rmSync(dir, { recursive: true, force: true });
}
shared(begin, end);

const COMMANDS = '/equilibrium_command';
const status = () => t.daemon.reflex.status$.value;

describe('the daemon on the graph of a ROS 1 robot', () => {
  it('finds the dialect out, reads states, and commands in its spelling', async () => {
    await resetEpisode(ros, t);
    await engage(t);
    await until(() => bridge.on(COMMANDS).length > 50, 20_000, 'commands');
    const types = new Map(bridge.said.filter(({ op }) => op === 'advertise').map(({ topic, type }) => [topic, type]));
    expect(types.get(COMMANDS)).toBe('reflexarc_msgs/EquilibriumCommand');
    expect(types.get('/reflexarc/state')).toBe('reflexarc_msgs/State');
    expect(bridge.said.find(({ op, topic }) => op === 'subscribe' && topic === '/joint_states')?.type).toBe(
      'sensor_msgs/JointState',
    );
    const ofPolicy = ({ msg }: Said) => (msg as { source?: string }).source === 'policy';
    await until(() => bridge.on(COMMANDS).some(ofPolicy), 20_000, 'one of the policy');
    expect(bridge.on(COMMANDS).findLast(ofPolicy)!.msg).toMatchObject({
      header: { seq: 0, stamp: { secs: expect.any(Number), nsecs: expect.any(Number) }, frame_id: 'base' },
      state_stamp: { secs: expect.any(Number), nsecs: expect.any(Number) },
      mode: 'ACTIVE',
      source: 'policy',
    });
    // The robot follows: it accepts what it hears, in its own time.
    robot.send({ op: 'subscribe', topic: '/robot_status', type: 'reflexarc_msgs/RobotStatus' });
    type Status = { topic?: string; msg?: { holding: boolean; accepted: number } };
    const follows = ({ topic, msg }: Status) => topic === '/robot_status' && !msg!.holding && msg!.accepted > 0;
    expect(await robot.until((m) => follows(m as Status))).toMatchObject({ msg: { last_refusal: '' } });
  });

  it('answers its services, and says what it is doing', async () => {
    await engage(t);
    const scaled = await robot.call('/reflexarc/set_residual_scale', { scale: 0.5 });
    expect(scaled).toMatchObject({ result: true, values: { success: true, message: '' } });
    await until(() => status()?.residualScale === 0.5, 20_000, 'the scale');
    expect(await robot.call('/reflexarc/arm', {})).toMatchObject({ values: { success: false } });
    for (const topic of ['state', 'mode', 'transition', 'proposal', 'command', 'tick', 'risk'])
      await until(() => bridge.on(`/reflexarc/${topic}`).length > 0, 20_000, topic);
    await until(() => bridge.on('/diagnostics').length > 0, 20_000, 'diagnostics');
  });

  it('is stopped by its sentinel in that spelling when the reflex is killed', async () => {
    process.kill(t.daemon.pids.get('reflex')!, 'SIGKILL');
    await until(() => bridge.on('/stop').length > 0, 30_000, 'a stop');
    expect(bridge.said.find(({ op, topic }) => op === 'advertise' && topic === '/stop')?.type).toBe(
      'reflexarc_msgs/Stop',
    );
  });

  it('has said nothing that such a bridge drops without a word, ticks without a policy among it', async () => {
    const ticks = () => bridge.on('/reflexarc/tick').map(({ msg }) => msg as { risk: number; setpoint: number[] });
    // The reflex that came after the killed one ticks before anybody engages.
    await until(() => ticks().some(({ setpoint }) => setpoint.length === 0), 20_000, 'a tick without a policy');
    expect(bridge.dropped).toEqual([]);
    expect(ticks().find(({ setpoint }) => setpoint.length === 0)).toMatchObject({ risk: -1, aim: [], sent: false });
    for (const { msg } of bridge.on('/reflexarc/risk'))
      expect((msg as { data: number }).data).toBeGreaterThanOrEqual(0);
    // Where the dialect is found out by others, the sentinel's time is replaced by now, which is what it means.
    expect(bridge.odd.filter((line) => !line.startsWith('publish /stop:'))).toEqual([]);
  });

  it('and genpy reads one of each, field for field', async (context) => {
    needs(context, 'ros1', 'genpy', ros1Lacks(GENPY_MODULES));
    buildOurs(join(dir, 'python'), dir);
    // Whatever came before: every kind has been said.
    await engage(t);
    await robot.call('/reflexarc/set_residual_scale', { scale: 1 });
    await robot.call('/reflexarc/arm', {});
    for (const topic of ['state', 'mode', 'transition', 'proposal', 'command', 'tick', 'risk'])
      await until(() => bridge.on(`/reflexarc/${topic}`).length > 0, 20_000, topic);
    await until(() => bridge.on('/diagnostics').length > 0, 20_000, 'diagnostics');
    const types = new Map(
      bridge.said.filter(({ op }) => op.startsWith('advertise')).map((o) => [o.topic ?? o.service, o.type]),
    );
    const lines: Asked[] = [...bridge.passed]
      .reverse()
      .filter(firstOfItsKind())
      .flatMap((o): Asked[] => {
        const type = types.get(o.topic ?? o.service)!;
        if (o.op === 'publish') return [{ message: type, wire: o.msg }];
        return o.op === 'service_response' ? [{ response: type, wire: o.values }] : [];
      });
    const said = lines.map(({ message, response }) => message ?? response);
    expect(said).toEqual(
      expect.arrayContaining([
        ...['EquilibriumCommand', 'State', 'Decision', 'TickRecord', 'Command', 'LadderTransition', 'SetScale'].map(
          (name) => `reflexarc_msgs/${name}`,
        ),
        ...['diagnostic_msgs/DiagnosticArray', 'std_msgs/String', 'std_srvs/Trigger'],
      ]),
    );
    expect(askGenpy(lines, join(dir, 'python'))).toEqual(lines.map(({ wire }) => ({ read: wire })));
  });
});

/** One of each topic and service. */
function firstOfItsKind(): (operation: Said) => boolean {
  const met = new Set<string>();
  return ({ op, topic, service }) => {
    const kind = `${op} ${topic ?? service}`;
    // A stop has a time that the server sets: see the sentinel.
    if (met.has(kind) || topic === '/stop') return false;
    met.add(kind);
    return true;
  };
}
