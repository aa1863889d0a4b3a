import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import type { Compression } from '../../bridges/mcap/compression.ts';
import { filesOfLog } from '../../bridges/mcap/files.ts';
import { type LogMessage, logMetadata, readLog } from '../../bridges/mcap/reader.ts';
import { Recorder } from '../../bridges/mcap/recorder.ts';
import { examineLog } from '../../bridges/mcap/repair.ts';
import { definitionOf } from '../../bridges/messages/definitions.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { EXAMPLES } from '../bridges/messages/examples.ts';
import { needs } from '../interop/peers.ts';
import { venv } from '../interop/venv.ts';

const PACKAGES = ['mcap==1.6.0', 'mcap-ros2-support==0.6.0', 'rosbags==0.11.9'];
const { python: PYTHON, prepare } = venv('mcap-python-1', PACKAGES, 'mcap, mcap_ros2, rosbags');
type Library = 'mcap' | 'mcap_ros2' | 'rosbags';

let missing = '';
let dir: string;
beforeAll(() => {
  missing = prepare();
});
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'reflexarc-python-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

interface Line {
  topic?: string;
  type?: string;
  time?: string;
  message?: unknown;
  data?: string;
  sequence?: number;
}
const peer = (library: Library, file: string): Line[] =>
  execFileSync(PYTHON, [join(packageRoot, 'tests/interop/mcap_peer.py'), library, file], {
    encoding: 'utf8',
    maxBuffer: 1e9,
  })
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

/** As mcap_peer.py has it: numbers as the bytes of their float64, fields in their order. */
function plain(value: unknown): unknown {
  if (typeof value === 'string') return value;
  if (typeof value === 'bigint' && (value > 2n ** 53n || value < -(2n ** 53n))) return String(value);
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleBE(Number(value));
    return bytes.toString('hex');
  }
  if (ArrayBuffer.isView(value)) return Array.from(value as Float64Array, plain);
  if (Array.isArray(value)) return value.map(plain);
  return Object.values(value as object).map(plain);
}
async function ours(file: string): Promise<LogMessage[]> {
  const out: LogMessage[] = [];
  for await (const message of readLog(file)) out.push(message);
  return out;
}
const lines = (messages: LogMessage[]): Line[] =>
  messages.map(({ topic, type, logTimeNs, message }) => ({
    topic,
    type,
    time: String(logTimeNs),
    message: plain(message),
  }));

const TYPES = Object.keys(EXAMPLES).filter((type) => type.includes('/msg/'));

/** One message of every type that we know, and 200 more with other numbers in them, at times whose last digits count. */
async function record(name: string, compression: Compression, rotateBytes = Number.POSITIVE_INFINITY): Promise<string> {
  const path = join(dir, `${name}_00000.mcap`);
  const recorder = await Recorder.open(path, {
    ...{ maxBytes: 1e9, definitionOf, compression, rotateBytes, chunkBytes: 8_000 },
    metadata: { reflexarc: { seed: '7' } },
    onError: (error) => {
      throw error;
    },
  });
  const start = 1_700_000_000_123_456_789n;
  for (const [i, type] of TYPES.entries())
    recorder.record(`/of/${type.replaceAll('/', '_')}`, type, EXAMPLES[type], start + BigInt(i), start);
  const odd = [0.1, Number.NaN, Number.NEGATIVE_INFINITY, -0, 5e-324];
  for (let i = 0; i < 200; i++) {
    const header = { stamp: { sec: i, nanosec: 999_999_999 }, frame_id: 'µ 力' };
    const message = { header, name: ['a', 'b'], position: odd.map((v) => v * (1 + i)), velocity: [], effort: [i] };
    recorder.record('/joint_states', 'sensor_msgs/msg/JointState', message, start + BigInt(1000 + i), start);
  }
  await recorder.close();
  expect(recorder.counters).toMatchObject({ written: TYPES.length + 200, dropped: 0 });
  return path;
}

describe.each(['none', 'lz4', 'zstd'] as const)('a log of ours, %s, in Python', (compression) => {
  const covered = (context: TestContext) => needs(context, 'pypi', PACKAGES.join(', '), missing);

  it('mcap: every message with its topic, type, time, sequence and bytes, and the metadata', async (context) => {
    covered(context);
    const path = await record(`mcap-${compression}`, compression);
    const said = peer('mcap', path);
    const about = said.pop();
    const messages = await ours(path);
    expect(about).toEqual({
      profile: 'ros2',
      count: messages.length,
      // A small chunk may not become smaller.
      chunks: expect.arrayContaining([compression === 'none' ? '' : compression]),
      metadata: await logMetadata(path),
    });
    expect(said.map(({ topic, type, time }) => [topic, type, time])).toEqual(
      messages.map(({ topic, type, logTimeNs }) => [topic, type, String(logTimeNs)]),
    );
    const joints = said.filter((line) => line.topic === '/joint_states');
    expect(joints.map((line) => line.sequence)).toEqual(joints.map((_, i) => i));
    expect(said.every((line) => line.data!.startsWith('00010000'))).toBe(true);
  });

  it.for(['mcap_ros2', 'rosbags'] as const)(
    '%s: counts, times and values equal ours, to the last bit',
    async (library, context) => {
      covered(context);
      const path = await record(`${library}-${compression}`, compression);
      const said = peer(library, path).filter((line) => line.topic !== undefined);
      const expected = lines(await ours(path));
      expect(said.length).toBe(TYPES.length + 200);
      for (const [i, line] of said.entries()) expect(line, `message ${i}`).toEqual(expected[i]);
    },
  );

  it('each file of a rotated log, and one that was repaired, is a log by itself', async (context) => {
    covered(context);
    const path = await record(`rotated-${compression}`, compression, 40_000);
    const files = filesOfLog(path);
    if (compression === 'none') expect(files.length).toBeGreaterThan(1);
    const said = files.flatMap((file) => peer('rosbags', file).filter((line) => line.topic !== undefined));
    expect(said.length).toBe(TYPES.length + 200);
    const cut = join(dir, `cut-${compression}.mcap`);
    const bytes = readFileSync(path);
    writeFileSync(cut, bytes.subarray(0, Math.floor(0.6 * bytes.length)));
    const repaired = join(dir, `cut-${compression}-repaired.mcap`);
    const { messages } = await examineLog(cut, repaired);
    expect(messages).toBeGreaterThan(0);
    for (const library of ['mcap_ros2', 'rosbags'] as const) {
      const got = peer(library, repaired).filter((line) => line.topic !== undefined);
      expect(got).toEqual(lines(await ours(repaired)));
      expect(got.length).toBe(messages);
    }
  });
});
