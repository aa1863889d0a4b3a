import { truncateSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FileSink } from '../../../bridges/mcap/sink.ts';
import { LogWriter } from '../../../bridges/mcap/writer.ts';
import { definitionOf } from '../../../bridges/messages/definitions.ts';
import { plain } from '../../../src/logs/playback/plain.ts';
import { type PlayOptions, play } from '../../../src/logs/playback/play.ts';
import { messagesIn, survey } from '../../../src/logs/playback/survey.ts';
import { WHOLE, windowOf } from '../../../src/logs/window.ts';
import { folder, recording, STRING } from '../../bridges/mcap/rig.ts';
import { FakeGraph, FakeTiming } from './rig.ts';

const CLOCK = 'rosgraph_msgs/msg/Clock';
const START_S = 1_700_000_000;
const START = BigInt(START_S) * 1_000_000_000n;
const at = folder();
afterAll(() => at.remove());
const path = at.path('log.mcap');

/** `name` at each time, s; the data counts. */
async function write(file: string, said: readonly [atS: number, topic: string, data: string][], options = {}) {
  const { recorder } = await recording(file, options);
  for (const [atS, topic, data] of said)
    recorder.record(topic, STRING, { data }, START + BigInt(Math.round(atS * 1e9)), 0);
  await recorder.close();
}

beforeAll(() =>
  write(path, [
    [0, '/a', '1'],
    [0.1, '/kept', 'old'],
    [0.5, '/a', '2'],
    [0.6, '/kept', 'new'],
    [1, '/a', '3'],
  ]),
);

type Asked = Partial<Omit<PlayOptions, 'topics'>> & { latched?: string[]; only?: string[]; file?: string };

async function played({ latched = [], only, file = path, ...asked }: Asked = {}) {
  const timing = new FakeTiming();
  const graph = new FakeGraph(timing);
  const abort = new AbortController();
  const window = asked.window ?? WHOLE;
  const found = await survey([file], window, new Set(latched));
  const topics = found.topics.filter(({ topic }) => only === undefined || only.includes(topic));
  const run = () =>
    play([file], graph, {
      ...{ survey: found, window, topics, speed: 1, loop: false, timing, signal: abort.signal, ...asked },
    });
  return { timing, graph, abort, run, found };
}

const second = (v: unknown) => {
  const { sec, nanosec } = v as { sec: number; nanosec: number };
  return sec - START_S + nanosec / 1e9;
};

describe('a log, played', () => {
  it('says each message at its time, under its type', async () => {
    const { graph, run } = await played({ speed: 2 });
    expect(await run()).toEqual({ messages: 5, rounds: 1 });
    expect(graph.advertised).toEqual([`/a ${STRING}`, `/kept ${STRING}`, `/clock ${CLOCK}`]);
    expect(graph.of('/a').map(({ ms, message }) => [ms, message.data])).toEqual([
      [0, '1'],
      [250, '2'],
      [500, '3'],
    ]);
  });

  it('says the time before each message, and a hundred times a second where nothing is said', async () => {
    const { graph, run } = await played({ only: ['/a'] });
    await run();
    const clock = graph.of('/clock');
    // 0, then every 10 ms to 1 s.
    expect(clock).toHaveLength(101);
    for (const { ms, message } of clock) expect(second(message.clock)).toBeCloseTo(ms / 1000, 9);
    for (const [n, one] of graph.said.entries())
      if (one.topic === '/a') expect(graph.said[n - 1]).toMatchObject({ topic: '/clock', ms: one.ms });
  });

  it('at 10 x the time comes no more often than at 1 x', async () => {
    const { graph, run, timing } = await played({ only: ['/a'], speed: 10 });
    await run();
    expect(timing.ms).toBe(100);
    expect(graph.of('/clock')).toHaveLength(11);
  });

  it('without a pace nothing is waited for', async () => {
    const { graph, run, timing } = await played({ speed: Number.POSITIVE_INFINITY });
    expect(await run()).toMatchObject({ messages: 5 });
    expect(timing.ms).toBe(0);
    // At 0, 0.1, 0.5, 0.6 and 1 s.
    expect(graph.of('/clock')).toHaveLength(5);
  });

  it('whose own clock is in it gets none of ours', async () => {
    const file = at.path('clock.mcap');
    const { recorder } = await recording(file);
    const clock = { sec: 2, nanosec: 530_000_000 };
    recorder.record('/clock', CLOCK, { clock }, START, 0);
    recorder.record('/a', STRING, { data: '1' }, START + 500_000_000n, 0);
    await recorder.close();
    const { graph, run } = await played({ file });
    await run();
    expect(graph.of('/clock').map(({ message }) => message)).toEqual([{ clock }]);
    expect(graph.said.at(-1)).toMatchObject({ ms: 500, topic: '/a' });
  });

  it('from 0.55 to 0.7 s: the last word of a latched topic first, and the time begins there', async () => {
    const { graph, run } = await played({ window: windowOf(0.55, 0.7), latched: ['/kept'] });
    expect(await run()).toEqual({ messages: 1, rounds: 1 });
    expect(graph.of('/kept')).toMatchObject([
      { ms: 0, message: { data: 'old' }, latch: true },
      { message: { data: 'new' }, latch: true },
    ]);
    expect(graph.of('/kept')[1]!.ms).toBeCloseTo(50, 6);
    expect(second(graph.said[0]!.message.clock)).toBeCloseTo(0.55, 9);
    expect(graph.of('/a')).toEqual([]);
  });

  it('what a ROS 2 bag calls transient local is latched', async () => {
    const file = at.path('qos.mcap');
    const sink = new FileSink(await open(file, 'wx'));
    const writer = new LogWriter(sink);
    await writer.start('ros2', 'test');
    const schemaId = writer.addSchema(STRING, 'ros2msg', new TextEncoder().encode(definitionOf(STRING)));
    const profiles = ['- history: 1\n  durability: 1\n', '- durability: transient_local\n', '- durability: 2\n', null];
    for (const [n, qos] of profiles.entries()) {
      const metadata = new Map(qos === null ? [] : [['offered_qos_profiles', qos]]);
      const channelId = writer.addChannel({ topic: `/q${n}`, schemaId, messageEncoding: 'cdr', metadata });
      const data = Uint8Array.of(0, 1, 0, 0, 2, 0, 0, 0, 0x61, 0);
      writer.addMessage({ channelId, sequence: 0, logTime: START, publishTime: START, data });
    }
    await writer.flush();
    await writer.end();
    await sink.close();
    const { topics } = await survey([file], WHOLE);
    expect(topics.map(({ topic, latched }) => [topic, latched])).toEqual([
      ['/q0', true],
      ['/q1', true],
      ['/q2', false],
      ['/q3', false],
    ]);
  });

  it('looped begins anew after its length, the clock goes back, and it ends when it is called off', async () => {
    const { graph, run, abort, timing } = await played({ loop: true, only: ['/kept'] });
    graph.onSaid = () => {
      if (graph.of('/kept').length === 5) abort.abort();
    };
    expect(await run()).toEqual({ messages: 5, rounds: 3 });
    // Each round is 1 s long, as the log is, though /kept ends at 0.6 s.
    expect(graph.of('/kept').map(({ ms }) => Math.round(ms))).toEqual([100, 600, 1100, 1600, 2100]);
    expect(timing.ms).toBeCloseTo(2100, 6);
    const clock = graph.of('/clock').map(({ message }) => second(message.clock));
    expect(clock.filter((s, n) => n > 0 && s < clock[n - 1]!)).toEqual([0, 0]);
  });

  it('that is damaged is played as far as it goes, then told', async () => {
    const file = at.path('cut.mcap');
    const said = Array.from({ length: 40 }, (_, n): [number, string, string] => [n / 10, '/a', 'x'.repeat(1000)]);
    await write(file, said, { chunkBytes: 8_000 });
    truncateSync(file, 20_000);
    const { graph, run, found } = await played({ file, speed: Number.POSITIVE_INFINITY });
    await expect(run()).rejects.toThrow(/RA_LOG_DAMAGED/);
    expect(graph.of('/a')).toHaveLength(found.topics[0]!.messages);
    expect(graph.of('/a').length).toBeGreaterThan(5);
  });

  it('in several files: what a file repeats from the one before is said once', async () => {
    const file = at.path('rotated_00000.mcap');
    const said = Array.from({ length: 10 }, (_, n): [number, string, string] => [n / 10, '/a', String(n)]);
    await write(file, [[0, '/kept', 'k'], ...said], { rotateNs: 0.35e9, carry: (topic: string) => topic === '/kept' });
    const paths = [file, at.path('rotated_00001.mcap'), at.path('rotated_00002.mcap')];
    const found: unknown[] = [];
    for await (const { topic, message } of messagesIn(paths)) found.push(topic === '/a' ? message.data : topic);
    expect(found).toEqual(['/kept', ...said.map(([, , data]) => data)]);
  });

  it('a stretch behind its end is bad usage', async () => {
    await expect(survey([path], windowOf(2, 3))).rejects.toThrow(/RA_USAGE: --from 2; allowed: up to 1\.000 s/);
  });
});

describe('a decoded message, made plain', () => {
  it('has lists for arrays of numbers, exact integers, and bytes as their type has them', () => {
    const message = {
      ...{ epoch: 7n, far: 9007199254740993n, name: 'x', on: true, none: null },
      ...{ values: Float64Array.of(1, Number.NaN), counts: BigUint64Array.of(1n, 2n ** 60n) },
      ...{ parts: [{ bytes: Uint8Array.of(1, 2) }], data: Uint8Array.of(255) },
    };
    expect(plain(message, 'my_msgs/msg/Unknown')).toEqual({
      ...{ epoch: 7, far: 9007199254740993n, name: 'x', on: true, none: null },
      ...{ values: [1, Number.NaN], counts: [1, 2n ** 60n], parts: [{ bytes: 'AQI=' }], data: '/w==' },
    });
    const image = { data: Uint8Array.of(1, 2) };
    expect(plain(image, STRING).data).toBe(image.data);
  });
});
