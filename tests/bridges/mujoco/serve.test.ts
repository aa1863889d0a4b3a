import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RosGraph } from '../../../bridges/bridge.ts';
import type {
  EpisodeStatus,
  JointState,
  PoseStamped,
  RobotStatus,
  Time,
  TriggerResponse,
} from '../../../bridges/messages/messages.ts';
import { nsFromTime, timeFromNs } from '../../../bridges/messages/messages.ts';
import { type ServeOptions, serveWorld } from '../../../bridges/mujoco/serve.ts';
import { PegWorld } from '../../../bridges/mujoco/world.ts';
import { command, here, makeWorld, modelFile, robot, task } from './rig.ts';

/** A server whose network is this test. */
class FakeServer implements Omit<RosGraph, 'advertise'> {
  readonly sent: { topic: string; type: string; message: unknown; atMs: number }[] = [];
  readonly handlers = new Map<string, (message: unknown) => void>();
  readonly services = new Map<string, (args: unknown) => unknown>();
  publish(topic: string, type: string, message: unknown): void {
    this.sent.push({ topic, type, message, atMs: Date.now() });
  }
  onPublish(topic: string, _type: string, handler: Parameters<RosGraph['onPublish']>[2]): void {
    this.handlers.set(topic, (message) => handler(message, { id: 1 }));
  }
  advertiseService(name: string, _type: string, handler: (args: unknown) => unknown): void {
    this.services.set(name, handler);
  }
  on<T>(topic: string): T[] {
    return this.sent.filter((s) => s.topic === topic).map((s) => s.message as T);
  }
  last<T>(topic: string): T {
    return this.on<T>(topic).at(-1)!;
  }
}

let world: PegWorld;
let server: FakeServer;
let served: { stop(): void };
let epoch = 0;
let seq = 0;
beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.dispose());
beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
  server = new FakeServer();
  epoch++;
  seq = 0;
});
afterEach(() => {
  served.stop();
  vi.useRealTimers();
});

const start = (pacing: ServeOptions['pacing'], of = world) => {
  served = serveWorld(of, server, { clock: { nowNs: () => Date.now() * 1e6 }, pacing, seed: 30 });
};
const states = () => server.on('/ee_pose').length;
const stampNs = () => nsFromTime(server.last<PoseStamped>('/ee_pose').header.stamp);
const send = (message: unknown) => server.handlers.get('/equilibrium_command')!(message);
const answer = (stamp: Time = timeFromNs(stampNs())) =>
  send(command(epoch, ++seq, here(world), { state_stamp: stamp }));
const status = () => server.last<RobotStatus>('/robot_status');

describe('in real time', () => {
  it('keeps 100 states a second, statuses at 20 Hz and episodes at 10 Hz, whatever the timers round', () => {
    start('real');
    vi.advanceTimersByTime(995);
    expect(states()).toBe(100);
    expect(server.on('/joint_states').length).toBe(100);
    expect(server.on('/hole_estimate').length).toBe(20);
    expect(server.on('/robot_status').length).toBe(20);
    expect(server.on('/episode').length).toBe(10);
    const { name, position } = server.last<JointState>('/joint_states');
    expect(name).toEqual(robot.joints.map((j) => j.name));
    expect(position.every(Number.isFinite)).toBe(true);
  });

  it('catches up three late states, but skips a stall of half a second', () => {
    start('real');
    vi.advanceTimersByTime(5);
    expect(states()).toBe(1);
    vi.setSystemTime(Date.now() + 30);
    vi.advanceTimersByTime(5);
    // At 40 ms: due at 10, 20, 30 and 40.
    expect(states()).toBe(5);
    vi.setSystemTime(Date.now() + 500);
    vi.advanceTimersByTime(10);
    expect(states()).toBe(6);
    vi.advanceTimersByTime(10);
    expect(states()).toBe(7);
  });

  it('says at once that it follows, and at once that it holds again', () => {
    start('real');
    expect(status()).toMatchObject({ holding: true, reason: 'start' });
    answer();
    expect(status()).toMatchObject({ holding: false, reason: '', epoch });
    vi.advanceTimersByTime(130);
    expect(status()).toMatchObject({ holding: true, reason: 'deadman' });
  });

  it('stops on the stop topic, and says why', () => {
    start('real');
    answer();
    server.handlers.get('/stop')!({ epoch, reason: 'the reflex is silent' });
    expect(status()).toMatchObject({ holding: true, reason: 'stop: the reflex is silent' });
    answer();
    expect(world.status()).toMatchObject({ holding: true, last_refusal: 'stopped' });
    expect(server.services.get('/release')!({})).toMatchObject({ success: true });
    answer();
    expect(status().holding).toBe(false);
  });

  it('starts episodes with successive seeds, and names the seed', () => {
    start('real');
    expect(server.last<EpisodeStatus>('/episode').seed).toBe(30);
    const { success, message } = server.services.get('/reset_episode')!({}) as TriggerResponse;
    expect([success, message]).toEqual([true, 'episode with seed 31']);
    expect(server.last<EpisodeStatus>('/episode')).toMatchObject({ seed: 31, phase: 'running' });
    const { x } = server.last<PoseStamped>('/hole_estimate').pose.position;
    expect(x).toBe(world.estimate[0]);
  });

  it('survives whatever is published, counts it, and the deadman is not fooled by it', () => {
    start('real');
    answer();
    const refused = world.status().refused;
    const good = command(epoch, 900, here(world));
    const bad = [
      null,
      undefined,
      7,
      'go',
      [],
      {},
      { ...good, pose: null },
      { ...good, state_stamp: null, stiffness: null },
      { ...good, state_stamp: 'now', epoch: null },
      { ...good, pose: { position: { x: Number.NaN, y: 0, z: 0 }, orientation: good.pose.orientation } },
    ];
    for (const message of bad) {
      vi.advanceTimersByTime(13);
      send(message);
    }
    expect(world.status().refused).toBe(refused + bad.length);
    expect(world.status()).toMatchObject({ holding: true, reason: 'deadman', last_refusal: 'malformed' });
    for (const message of [null, undefined, {}, { epoch: 'x', reason: null }]) {
      expect(() => server.handlers.get('/stop')!(message)).not.toThrow();
    }
    const before = states();
    vi.advanceTimersByTime(100);
    expect(states()).toBe(before + 10);
  });

  it('ends when it is told, and ignores what comes in later', () => {
    start('real');
    served.stop();
    const before = server.sent.length;
    answer();
    server.handlers.get('/stop')!({ epoch, reason: 'late' });
    vi.advanceTimersByTime(100);
    expect(server.sent.length).toBe(before);
    expect(server.services.get('/reset_episode')!({})).toMatchObject({ success: false });
  });
});

describe('stepped', () => {
  it('with nobody there keeps real time', () => {
    start('stepped');
    vi.advanceTimersByTime(195);
    expect(states()).toBe(20);
  });

  it('makes the next state as soon as this one is answered: 50 states in no time at all', () => {
    start('stepped');
    for (let i = 0; i < 50; i++) {
      expect(states()).toBe(i + 1);
      answer();
      vi.advanceTimersByTime(0);
    }
    expect(Date.now()).toBe(0);
    expect(stampNs()).toBe(world.timeNs);
  });

  it('is not moved on by the answer to an older state, nor twice by two answers', () => {
    start('stepped');
    answer();
    vi.advanceTimersByTime(0);
    expect(states()).toBe(2);
    answer(timeFromNs(stampNs() - 10e6));
    vi.advanceTimersByTime(150);
    expect(states()).toBe(2);
    answer();
    answer();
    vi.advanceTimersByTime(0);
    expect(states()).toBe(3);
  });

  it('goes on after 200 ms without an answer, and in real time after a second of silence', () => {
    start('stepped');
    answer();
    vi.advanceTimersByTime(0);
    expect(states()).toBe(2);
    vi.advanceTimersByTime(199);
    expect(states()).toBe(2);
    vi.advanceTimersByTime(1);
    expect(states()).toBe(3);
    // Waits end at 400, 600, 800, 1000 and, begun when the silence was no longer than a second, 1200 ms.
    vi.advanceTimersByTime(1000);
    expect(states()).toBe(8);
    vi.advanceTimersByTime(100);
    expect(states()).toBe(18);
  });

  it('after a reset waits for nobody until a command comes', () => {
    start('stepped');
    answer();
    vi.advanceTimersByTime(0);
    expect(states()).toBe(2);
    server.services.get('/reset_episode')!({});
    vi.advanceTimersByTime(100);
    // The one at once, and one for each 10 ms.
    expect(states()).toBe(13);
    answer();
    vi.advanceTimersByTime(0);
    expect(states()).toBe(14);
    vi.advanceTimersByTime(150);
    expect(states()).toBe(14);
  });

  it('an answer that the receiver refuses still answers: a held robot does not stand still in time', () => {
    start('stepped');
    server.handlers.get('/stop')!({ epoch: epoch + 5, reason: 'test' });
    answer();
    vi.advanceTimersByTime(0);
    expect(states()).toBe(2);
    expect(world.status().last_refusal).toBe('stopped');
    epoch += 5;
    world.release();
  });

  it('publishes the end of an episode in the state in which it ended, between two of its turns', async () => {
    vi.useRealTimers();
    const short = await PegWorld.load(robot, { ...task(), horizon_steps: 21 }, modelFile);
    vi.useFakeTimers({ now: 0 });
    start('stepped', short);
    let ended: EpisodeStatus | undefined;
    for (let i = 1; i <= 120 && ended === undefined; i++) {
      send(command(1, i, here(short), { state_stamp: timeFromNs(stampNs()) }));
      vi.advanceTimersByTime(0);
      ended = server.on<EpisodeStatus>('/episode').find((e) => e.phase !== 'running');
    }
    // 21 decisions at 20 Hz, after the one state that came before the first command.
    expect(ended).toMatchObject({ phase: 'timeout', success: false, duration_s: 1.05 });
    expect(nsFromTime(ended!.header.stamp)).toBe(1.06e9);
    expect(stampNs()).toBe(1.06e9);
    served.stop();
    short.dispose();
  });
});
