import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Ros, Topic } from 'roslib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Recorder } from '../../bridges/mcap/recorder.ts';
import { definitionOf } from '../../bridges/messages/definitions.ts';
import { type ClockMessage, type JointState, type Time, TYPES } from '../../bridges/messages/messages.ts';
import { loadRun } from '../../src/core/config/load.ts';
import { cli, type Ended, listen, RUN_FILE, rosClient, until } from './harness.ts';

const dir = mkdtempSync(join(tmpdir(), 'reflexarc-to-ros-'));
const log = join(dir, 'log.mcap');
const { config } = loadRun(RUN_FILE, []);
const START_S = 1_700_000_000;
const START = BigInt(START_S) * 1_000_000_000n;
const PERIOD_NS = 10_000_000;
const STATES = 100;
/** The robot's clock is 3 ms ahead of that of the log. */
const AHEAD_NS = 3_000_000;

/** A double does not hold such times to the nanosecond: so from the start on. */
const stamp = (ns: number) => ({ sec: START_S + Math.floor(ns / 1e9), nanosec: ns % 1e9 });
const sinceStart = ({ sec, nanosec }: Time) => (sec - START_S) * 1e9 + nanosec;
const states = Array.from({ length: STATES }, (_, n): JointState => {
  const joints = (f: (j: number) => number) => config.robot.joints.map((_joint, j) => f(j));
  return {
    header: { stamp: stamp(n * PERIOD_NS + AHEAD_NS), frame_id: 'base' },
    name: config.robot.joints.map((j) => j.name),
    position: joints((j) => Math.sin(n / 7 + j)),
    velocity: joints((j) => Math.cos(n / 7 + j) / 3),
    effort: joints((j) => j + n / 3),
  };
});
const transition = (n: number) => ({
  ...{ header: { stamp: stamp(n * PERIOD_NS), frame_id: 'base' }, from_mode: 'HOLD', to_mode: 'ENGAGING' },
  ...{ cause: 'engage', detail: `at ${n}`, value: 0, limit: 0, margin: 0, incident: 0, epoch: 1_700_000_000_001 },
});

let child: ChildProcess;
let ended: Promise<Ended>;
let ros: Ros;

beforeAll(async () => {
  const recorder = await Recorder.open(log, {
    ...{ maxBytes: 1e7, definitionOf, metadata: { config: { run: JSON.stringify(config) } } },
    onError: (error) => {
      throw error;
    },
  });
  recorder.record('/reflexarc/transition', 'reflexarc_msgs/msg/LadderTransition', transition(0), START, START);
  for (const [n, state] of states.entries()) {
    const at = START + BigInt(n * PERIOD_NS);
    recorder.record(config.robot.topics.joint_states, TYPES.jointState, state, at, at);
    recorder.record(config.robot.topics.stop, TYPES.stop, { epoch: 1, reason: 'x' }, at, at);
  }
  await recorder.close();
  let listening: Promise<string> | null = null;
  ended = cli(['replay', log, '--to-ros', '--loop', '--speed', '2', '--port', '0', '--json'], {
    onStart: (started) => {
      child = started;
      listening = new Promise((resolve) => createInterface({ input: started.stdout! }).once('line', resolve));
    },
  });
  const { listening: address } = JSON.parse(await listening!) as { listening: string };
  ros = await rosClient(Number(new URL(address).port));
});
afterAll(async () => {
  ros?.close();
  child?.kill('SIGKILL');
  await ended;
  rmSync(dir, { recursive: true, force: true });
});

describe('a log on a ROS server, for a stock roslib client', () => {
  it('says every joint state as it was, the time of the log before it, round after round', async () => {
    const seen: (ClockMessage | JointState)[] = [];
    // As they come, none left out; roslib's queue_length 0 is that.
    const all = <T extends ClockMessage | JointState>(name: string, messageType: string) =>
      new Topic<T>({ ros, name, messageType }).subscribe((message) => void seen.push(message));
    all<ClockMessage>('/clock', 'rosgraph_msgs/msg/Clock');
    all<JointState>('/joint_states', 'sensor_msgs/msg/JointState');
    const begins = () => seen.flatMap((m, n) => ('clock' in m && sinceStart(m.clock) === 0 ? [n] : []));
    await until(() => begins().length >= 3, 20_000, 'two whole rounds');
    const [from, to] = begins().slice(-2) as [number, number];
    const round = seen.slice(from, to);
    const got = round.filter((m): m is JointState => 'position' in m);
    expect(got).toEqual(states);
    let clockNs = -1;
    let ahead = 0;
    for (const message of round) {
      if ('clock' in message) {
        const ns = sinceStart(message.clock);
        expect(ns).toBeGreaterThan(clockNs);
        clockNs = ns;
      } else ahead += Number(sinceStart(message.header.stamp) - clockNs === AHEAD_NS);
    }
    expect(ahead).toBe(STATES);
  });

  it('has the latched word for whoever comes late, and the time as a parameter', async () => {
    let detail = '';
    listen<{ detail: string }>(ros, '/reflexarc/transition', 'reflexarc_msgs/msg/LadderTransition', (m) => {
      detail = m.detail;
    });
    await until(() => detail !== '', 20_000, 'the transition');
    expect(detail).toBe('at 0');
  });

  it('says no commands to a robot', async () => {
    const topics = await new Promise<string[]>((resolve, reject) =>
      ros.getTopics(({ topics: names }) => resolve(names), reject),
    );
    expect(topics).toContain('/joint_states');
    expect(topics).not.toContain(config.robot.topics.stop);
  });

  it('ends cleanly at Ctrl-C, and says what it did', async () => {
    child.kill('SIGINT');
    const { code, stdout, stderr } = await ended;
    expect(code).toBe(0);
    const result = JSON.parse(stdout.trim().split('\n').at(-1)!);
    expect(result).toMatchObject({ clients: 1, dropped: 0, left_out: ['/stop'] });
    expect(result.rounds).toBeGreaterThanOrEqual(3);
    expect(stderr).toContain('--topic /stop plays them');
  });
});

describe('replay --to-ros', () => {
  it('without a pace gives a client all of it, then ends', async () => {
    let got = 0;
    let listening: Promise<string> | null = null;
    const run = cli(['replay', log, '--to-ros', '--loop', '--speed', 'max', '--port', '0', '--json'], {
      onStart: (started) => {
        listening = new Promise((resolve) => createInterface({ input: started.stdout! }).once('line', resolve));
        void listening.then(async (line) => {
          const port = Number(new URL((JSON.parse(line) as { listening: string }).listening).port);
          const other = await rosClient(port);
          new Topic<JointState>({ ros: other, name: '/joint_states', messageType: TYPES.jointState }).subscribe(() => {
            if (++got === 50 * STATES) started.kill('SIGINT');
          });
        });
      },
    });
    const { code, stdout } = await run;
    const result = JSON.parse(stdout.trim().split('\n').at(-1)!);
    expect([code, result.dropped]).toEqual([0, 0]);
    expect(got).toBeGreaterThanOrEqual(50 * STATES);
  });
});
