import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../../src/core/paths.ts';
import { folder, line, read } from './rig.ts';

/** Written by Python's `rosbags`: tests/interop/bag_peer.py. */
const bag = (compression: string) => join(packageRoot, 'tests/logs/trajectories/bags', `${compression}.bag`);
const START = 1_700_000_000_123_456_789n;
const STEP = 10_000_001n;

const at = folder();
afterAll(() => at.remove());

/** The first `length` bytes of a bag, with some of them changed. */
function damaged(name: string, bytes: Uint8Array): string {
  writeFileSync(at.path(name), bytes);
  return at.path(name);
}
/** The byte that a damage names. */
const byteOf = (seen: string) => Number(/at byte (\d+):/.exec(seen)![1]);

describe.each(['none', 'bz2', 'lz4'])('a ROS 1 bag, %s', (compression) => {
  it('has every number of every message, at its time', async () => {
    const { samples, error, findings } = await read(bag(compression));
    expect(error).toBeNull();
    const of = (name: string) => samples.filter((s) => s.channel.name === name);
    expect(Object.fromEntries(samples.map((s) => [s.channel.name, of(s.channel.name).length]))).toEqual({
      ...{ '/joint_states.position': 60, '/joint_states.effort': 60, '/command': 20 },
      ...{ '/wrench.wrench.force': 30, '/wrench.wrench.torque': 30 },
    });
    const seventh = of('/joint_states.position')[7]!;
    expect(seventh.channel.entries).toEqual(['shoulder', 'elbow', 'wrist']);
    expect(seventh.timeNs).toBe(START + 7n * STEP);
    expect([...seventh.values]).toEqual([0.7000000000000001, -0.125, 5e-324]);
    expect([...of('/joint_states.effort')[7]!.values]).toEqual([1.4000000000000001, -0.25, 1e-323]);
    // The fifth force came with the eighth joint state, one nanosecond later.
    const force = of('/wrench.wrench.force')[4]!;
    expect(force.channel.entries).toEqual(['x', 'y', 'z']);
    expect(force.timeNs).toBe(START + 8n * STEP + 1n);
    expect([...force.values]).toEqual([8, -0, 1e300]);
    expect([...of('/command')[3]!.values]).toEqual([9 / 7, 9 / 11]);
    expect(findings).toEqual([
      { of: '/wrench.wrench.force', why: 'NaN', kept: true, place: 'message 76', count: 1 },
      { of: '/said', why: 'no numbers', kept: false, place: 'message 111', count: 1 },
    ]);
  });

  it('cut anywhere gives what was before the cut, and says at which byte it ends', async () => {
    const bytes = readFileSync(bag(compression));
    const whole = (await read(bag(compression))).samples.map(line);
    const counts: number[] = [];
    for (let cut = 0; cut < bytes.length; cut += 197) {
      const { samples, error } = await read(damaged('cut.bag', bytes.subarray(0, cut)), { format: 'rosbag1' });
      expect(error, `cut at ${cut}`).toMatchObject({ code: 'RA_LOG_DAMAGED' });
      expect(byteOf(error!.seen), error!.seen).toBeLessThanOrEqual(cut);
      expect(samples.map(line), `cut at ${cut}`).toEqual(whole.slice(0, samples.length));
      expect(samples.length).toBeGreaterThanOrEqual(counts.at(-1) ?? 0);
      counts.push(samples.length);
    }
    // Chunks have 3 kB unpacked: that much, at most, is lost of a packed one.
    expect(new Set(counts).size).toBeGreaterThan(compression === 'none' ? 40 : 5);
    expect(counts.at(-1)).toBe(200);
  });

  it('cut by its last byte has all its samples, and says that only its index is damaged', async () => {
    const bytes = readFileSync(bag(compression));
    const { samples, error } = await read(damaged('last.bag', bytes.subarray(0, -1)));
    expect(samples).toHaveLength(200);
    expect(error!.seen).toMatch(/in the middle of a record/);
  });

  it('with a byte of another value is read, or refused as damaged: never anything else', async () => {
    const bytes = readFileSync(bag(compression));
    const change = fc.record({ offset: fc.nat(bytes.length - 1), by: fc.integer({ min: 1, max: 255 }) });
    await fc.assert(
      fc.asyncProperty(change, async ({ offset, by }) => {
        const changed = Uint8Array.from(bytes);
        changed[offset] = (changed[offset]! + by) % 256;
        const { error } = await read(damaged('changed.bag', changed), { format: 'rosbag1' });
        if (error !== null) expect(error.code, error.stack).toBe('RA_LOG_DAMAGED');
      }),
      { numRuns: 60 },
    );
  });
});

describe('a ROS 1 bag', () => {
  it('whose recorder was killed has no index: its messages are there, and that it was not closed is said', async () => {
    const bytes = readFileSync(bag('none'));
    const record = bytes.indexOf('index_pos=');
    const killed = Uint8Array.from(bytes);
    killed.fill(0, record + 10, record + 18);
    const { samples, error } = await read(damaged('killed.bag.active', killed));
    expect(samples).toHaveLength(200);
    expect(error!.seen).toContain(`at byte ${bytes.length}: was never closed`);
  });

  it('gives only the topics that are asked for', async () => {
    const { samples } = await read(bag('lz4'), { topics: new Set(['/command']) });
    expect(samples.map((s) => s.channel.name)).toEqual(Array(20).fill('/command'));
  });

  it('that is not there is told as that', async () => {
    const { error } = await read(at.path('none.bag'));
    expect(error).toMatchObject({ code: 'RA_LOG_DAMAGED', seen: expect.stringContaining('ENOENT') });
  });
});
