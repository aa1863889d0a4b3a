import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { EpisodeStatus, PoseStamped } from '../../../bridges/messages/messages.ts';
import { MujocoBridge, mujoco } from '../../../bridges/mujoco/bridge.ts';
import type { PegWorld } from '../../../bridges/mujoco/world.ts';
import { VirtualClock } from '../../../src/core/clock.ts';
import type { CommandEncoder, SafeAction, SensorFrame } from '../../../src/core/signals.ts';
import { command, here, makeWorld } from './rig.ts';

let world: PegWorld;
let clock: VirtualClock;
let bridge: MujocoBridge;
let frames: SensorFrame[];
let epoch = 0;
beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.dispose());
beforeEach(async () => {
  clock = new VirtualClock(world.timeNs);
  const encoder: CommandEncoder = {
    topic: '/equilibrium_command',
    type: 'reflexarc_msgs/msg/EquilibriumCommand',
    encode: (a) => ({ topic: '', type: '', message: command(a.epoch, a.seq, a.setpoint) }),
  };
  bridge = new MujocoBridge(world, encoder, clock, 40);
  frames = [];
  bridge.frames$.subscribe((f) => frames.push(f));
  world.reset(1);
  epoch++;
});

/** As the gate would make it, from the present pose, with 100 ms to live. */
const action = (seq: number, over: Partial<SafeAction> = {}) =>
  ({
    setpoint: here(world),
    mode: 'ACTIVE',
    source: 'policy',
    epoch,
    seq,
    stampNs: clock.nowNs(),
    expiresNs: clock.nowNs() + 100e6,
    leaseMs: 100,
    stateStampNs: clock.nowNs(),
    ...over,
  }) as unknown as SafeAction;

const count = (topic: string) => frames.filter((f) => f.topic === topic).length;

describe('the in-process world', () => {
  it('in a tenth of a second gives ten states of one stamp each, and the slow topics twice', async () => {
    await bridge.open();
    const startNs = world.timeNs;
    for (let i = 0; i < 10; i++) bridge.step();
    expect(clock.nowNs()).toBe(startNs + 100e6);
    expect(['/clock', '/joint_states', '/ee_pose', '/wrench'].map(count)).toEqual([10, 10, 10, 10]);
    expect(['/hole_estimate', '/robot_status', '/episode'].map(count)).toEqual([2, 2, 2]);
    const state = frames.filter((f) => /joint|pose|wrench/.test(f.topic)).slice(-3);
    expect(state.map((f) => f.topic)).toEqual(['/joint_states', '/ee_pose', '/wrench']);
    const stamps = state.map((f) => (f.message as PoseStamped).header.stamp);
    for (const { sec, nanosec } of stamps) expect(sec * 1e9 + nanosec).toBe(world.timeNs);
    for (const f of frames) expect(f.linkEpoch).toBe(1);
    expect(bridge.counters.framesIn).toBe(frames.length);
    expect((frames.find((f) => f.topic === '/hole_estimate')!.message as PoseStamped).header.frame_id).toBe('base');
  });

  it('hands an action to the receiver', async () => {
    await bridge.open();
    expect(bridge.send(action(1))).toMatchObject({ sent: true, refused: null, epoch, seq: 1 });
    expect(world.status()).toMatchObject({ holding: false, epoch, seq: 1 });
  });

  it('lets nothing through that is expired, and nothing while the link is down', async () => {
    expect(bridge.send(action(1)).refused).toBe('not_connected');
    await bridge.open();
    expect(bridge.send(action(2, { expiresNs: clock.nowNs() })).refused).toBe('expired');
    await bridge.close();
    expect(bridge.send(action(3)).refused).toBe('closed');
    expect(bridge.counters).toMatchObject({ commandsSent: 0, commandsRefused: 3 });
    expect(world.status().holding).toBe(true);
    bridge.step();
    expect(frames).toEqual([]);
    await bridge.open();
    expect(bridge.link$.value).toMatchObject({ up: true, epoch: 2 });
    expect(bridge.counters.reconnects).toBe(1);
  });

  it('serves reset with its own seeds in turn or with the one asked for, and release', async () => {
    await bridge.open();
    const reset = (args: unknown) => bridge.call('/reset_episode', 'std_srvs/srv/Trigger', args, 100);
    const seeds: number[] = [];
    for (const args of [{}, {}, { seed: 7 }, {}]) {
      expect(await reset(args)).toMatchObject({ success: true });
      seeds.push(world.episode().seed);
    }
    expect(seeds).toEqual([40, 41, 7, 42]);
    expect(await reset({})).toEqual({ success: true, message: 'episode with seed 43' });
    world.stop({ header: { stamp: { sec: 0, nanosec: 0 }, frame_id: '' }, epoch, reason: 'test' });
    bridge.send(action(1));
    expect(world.status().holding).toBe(true);
    await bridge.call('/release', 'std_srvs/srv/Trigger', {}, 100);
    bridge.send(action(2));
    expect(world.status().holding).toBe(false);
  });

  it('refuses an unknown service, and any while the link is down', async () => {
    await expect(bridge.call('/release', '', {}, 100)).rejects.toMatchObject({ code: 'RA_SERVICE_FAILED' });
    await bridge.open();
    await expect(bridge.call('/dance', '', {}, 100)).rejects.toMatchObject({
      code: 'RA_SERVICE_FAILED',
      allowed: '/reset_episode or /release',
    });
  });

  it('is described for the registry', async () => {
    const encoder: CommandEncoder = { topic: '', type: '', encode: () => ({ topic: '', type: '', message: null }) };
    const made = mujoco.create(mujoco.options.parse({ seed: 5 }), { world, encoder, clock });
    await made.open();
    await made.call('/reset_episode', '', {}, 1);
    const status: EpisodeStatus = world.episode();
    expect([mujoco.kind, mujoco.name, status.seed]).toEqual(['bridge', 'mujoco', 5]);
    // What the encoder makes of it is not a command: refused by the receiver, no exception.
    made.send(action(1));
    expect(world.status().last_refusal).toBe('malformed');
  });
});
