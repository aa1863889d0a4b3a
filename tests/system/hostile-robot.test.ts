import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { DiagnosticArray } from '../../bridges/messages/messages.ts';
import { client, encoder, nothingOldIsSent, StandIn } from '../bridges/rosbridge/robot-stand-in.ts';
import { RawClient } from '../bridges/rosserver/raw-client.ts';
import { plays } from '../interop/played.ts';
import { insist, shared, startDaemon, type TestDaemon, until } from './harness.ts';

/**
 * The daemon before a scripted robot's bridge that does wrong to one of its processes only: what the reflex or the brain
 * finds on its own connections is in `/diagnostics` and `~/state`, as what the observer finds.
 */
let robot: StandIn;
let t: TestDaemon;
let looker: RawClient;

async function begin(): Promise<void> {
  robot = await StandIn.open();
  t = await startDaemon(robot.port, (config) => {
    config.bridge.verify = false;
    // This robot says nothing of itself.
    config.bridge.silence_ms = 600_000;
    config.daemon.robot_graph = 'off';
    config.safety.off = ['constant_output', 'drift'];
  });
  await t.daemon.reflex.until((s) => s.linkUp && s.brainUp, 30_000);
  looker = await insist(() => RawClient.open(t.config.daemon.ros_port!));
  for (const topic of ['/diagnostics', '/reflexarc/state']) looker.send({ op: 'subscribe', topic, queue_length: 1 });
  const isUp = (who: string) => value(who)?.startsWith('up') === true;
  await until(() => ['reflex', 'brain', 'observer'].every(isUp), 20_000, 'the bridges');
}
async function end(): Promise<void> {
  looker?.close();
  await t?.stop();
  await robot?.close();
}
shared(begin, end);

const newest = <T>(topic: string) =>
  looker.received.findLast((m) => m.op === 'publish' && m.topic === topic)?.msg as T | undefined;
const part = () => newest<DiagnosticArray>('/diagnostics')?.status.find(({ name }) => name === 'reflexarc: bridge');
const value = (key: string) => part()?.values.find((one) => one.key === key)?.value;
const counted = (key: string) => Number(value(key));
/** How often the brain has lost its connection, by its own word. */
const lostByBrain = () => Number(/(\d+) lost/.exec(value('brain') ?? '')?.[1] ?? 0);
/** The connections for states: of the observer, the reflex and the brain, told apart by what each of them subscribes. */
const heardBy = (topic: string) =>
  new Set(
    robot
      .of('subscribe')
      .filter((o) => o.topic === topic)
      .map((o) => robot.from(o)),
  );
const ofReflex = () => {
  const { command, robot_status } = t.config.robot.topics;
  const [observer, all] = [heardBy(robot_status), heardBy(command)];
  return [...all].filter((socket) => !observer.has(socket)).at(-1)!;
};
const ofBrain = () => {
  const all = heardBy(t.config.robot.topics.joint_states);
  const others = heardBy(t.config.robot.topics.command);
  return [...all].filter((socket) => !others.has(socket)).at(-1)!;
};

it('rules that the config switches off are logged at the start of the reflex, and stand in /diagnostics', async () => {
  const lines = () => readFileSync(join(t.dir, 'lines'), 'utf8').split('\n').slice(0, -1);
  const warned = lines()
    .map((line) => JSON.parse(line) as { level: number; name: string; msg: string; off?: string[] })
    .filter(({ off }) => off !== undefined);
  expect(warned).toMatchObject([
    { level: 40, name: 'reflex', off: ['constant_output', 'drift'], msg: 'safety rules are switched off by config' },
  ]);
  const ladder = () => newest<DiagnosticArray>('/diagnostics')?.status.find(({ name }) => name === 'reflexarc: ladder');
  await until(() => ladder() !== undefined, 20_000, 'diagnostics');
  expect(ladder()!.values).toContainEqual({ key: 'rules off', value: 'constant_output, drift' });
});

describe('a robot’s bridge that does wrong', () => {
  it('to nobody: the bridges of all three processes are up', () => {
    expect(['reflex', 'brain', 'observer'].map(value)).toEqual(['up', 'up', 'up']);
    expect(counted('malformed')).toBe(0);
  });

  it('to the reflex only, with JSON that breaks off: counted in /diagnostics, which warns', async () => {
    ofReflex().send('{"op":"publish","topic":"/joint_sta');
    await until(() => counted('malformed') === 1, 20_000, 'the count');
    expect(value('reflex')).toBe('up, 1 malformed');
    expect(part()).toMatchObject({ level: 1, message: '1 malformed messages' });
  });

  it('to the brain only, by cutting it off: counted, and it connects again', async () => {
    const [reflex, lost, byBrain] = [value('reflex'), counted('connections lost'), lostByBrain()];
    ofBrain().terminate();
    await until(() => counted('connections lost') === lost + 1, 20_000, 'the count');
    await until(() => value('brain') === `up, ${byBrain + 1} lost`, 20_000, 'the brain’s link');
    expect(value('reflex')).toBe(reflex);
  });

  it('to the brain only, by taking it no more: that stands in ~/state and /diagnostics until it is well', async () => {
    const faults = () => newest<{ bridge_faults: string[] }>('/reflexarc/state')?.bridge_faults ?? [];
    // Each connection that the brain makes is cut as soon as it has said what it wants.
    let cutting = true;
    robot.answer = (_operation, socket) => {
      if (cutting && socket === ofBrain()) socket.terminate();
      return undefined;
    };
    ofBrain().terminate();
    const gone = () => faults().find((sentence) => sentence.startsWith('brain: no link to the robot: '));
    await until(() => gone() !== undefined, 20_000, 'the fault');
    await until(() => (part()?.message ?? '').startsWith('brain: no link'), 20_000, 'the warning');
    cutting = false;
    await until(() => faults().length === 0 && part()?.level === 0, 30_000, 'the end of it');
  });
});

it('a robot’s bridge that takes the connection and never answers the handshake is given up, and tried again', async () => {
  plays('client', 'link.mute_handshake');
  const held: Socket[] = [];
  const mute = createServer((socket) => held.push(socket.resume()));
  mute.listen(0, '127.0.0.1');
  await once(mute, 'listening');
  const { port } = mute.address() as AddressInfo;
  const made = client(`ws://127.0.0.1:${port}`, {}, { encoder: encoder() });
  const opened = made.bridge.open();
  // A third attempt: one connection was given up, and the one after it is not the last.
  await until(() => held.length > 2, 20_000, 'attempts');
  expect(made.errors.map(({ code, seen }) => `${code} ${seen}`)).toEqual([
    `RA_BRIDGE_UNREACHABLE ws://127.0.0.1:${port}: Opening handshake has timed out`,
  ]);
  expect(made.bridge.counters.unreached).toBeGreaterThan(0);
  for (const socket of held) socket.destroy();
  mute.close();
  await once(mute, 'close');
  const standIn = await StandIn.open({ port });
  await opened;
  await nothingOldIsSent(made, standIn);
  await made.bridge.close();
  await standIn.close();
});
