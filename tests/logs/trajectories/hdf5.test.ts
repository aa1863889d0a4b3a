import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../../src/core/paths.ts';
import { folder, read } from './rig.ts';

/** Written by h5py: tests/interop/hdf5_peer.py. */
const file = (name: string) => join(packageRoot, 'tests/logs/trajectories/hdf5', `${name}.hdf5`);

const at = folder();
afterAll(() => at.remove());

describe('demonstrations in HDF5', () => {
  it('of robomimic have every number, in the order of their demonstrations, at the rate of the environment', async () => {
    const { samples, error, findings } = await read(file('robomimic'));
    expect(error).toBeNull();
    // Four vectors a step, 4 and 3 steps.
    expect(samples).toHaveLength(28);
    expect([...new Set(samples.map((s) => s.episode.index))]).toEqual([2, 10]);
    const actions = samples.filter((s) => s.channel.name === 'actions');
    expect(actions.map((s) => [...s.values])[1]).toEqual([2 / 7 - 2, 3 / 7 - 2]);
    // 25 Hz; the second begins a second after the first ended, at 0.12 s.
    expect(actions.map((s) => Number(s.timeNs) / 1e9)).toEqual([0, 0.04, 0.08, 0.12, 1.12, 1.16, 1.2]);
    const position = samples.find((s) => s.channel.name === 'obs/eef_pos' && s.timeNs === 40_000_000n)!;
    expect([...position.values]).toEqual([3 / 7, 4 / 7, 5 / 7].map(Math.fround));
    expect(samples.filter((s) => s.channel.name === 'dones').map((s) => s.values[0])).toEqual([0, 0, 0, 1, 0, 0, 1]);
    expect(findings).toEqual([
      { of: 'obs/image', why: 'an array of 4 dimensions', kept: false, place: 'data/demo_2', count: 2 },
    ]);
  });

  it('of ALOHA are one episode at 50 Hz', async () => {
    const { samples, error } = await read(file('aloha'));
    expect(error).toBeNull();
    const qpos = samples.filter((s) => s.channel.name === 'observations/qpos');
    expect(qpos.map((s) => Number(s.timeNs) / 1e9)).toEqual([0, 0.02, 0.04, 0.06, 0.08]);
    expect([...qpos[1]!.values]).toEqual(Array.from({ length: 14 }, (_, i) => (14 + i) / 11));
    expect(samples).toHaveLength(10);
  });

  it('cut anywhere say at which byte: HDF5 opens no file that is cut', async () => {
    const bytes = readFileSync(file('robomimic'));
    for (let cut = 0; cut < bytes.length; cut += 499) {
      writeFileSync(at.path('cut.hdf5'), bytes.subarray(0, cut));
      const { samples, error } = await read(at.path('cut.hdf5'));
      expect(samples).toEqual([]);
      expect(error).toMatchObject({ code: 'RA_LOG_DAMAGED', seen: expect.stringContaining(`at byte ${cut}:`) });
    }
  });

  it('with a dataset that cannot be read give the episodes before it, and name it', async () => {
    const bytes = readFileSync(file('robomimic'));
    // The compressed rewards of the second demonstration: the last of two zlib streams.
    const stream = Math.max(...['785e', '789c'].map((head) => bytes.lastIndexOf(head, undefined, 'hex')));
    bytes.fill(0xff, stream, stream + 10);
    writeFileSync(at.path('bad.hdf5'), bytes);
    const { samples, error } = await read(at.path('bad.hdf5'));
    expect(new Set(samples.map((s) => s.episode.index))).toEqual(new Set([2]));
    expect(error).toMatchObject({ code: 'RA_LOG_DAMAGED', seen: expect.stringContaining('data/demo_10/rewards') });
  });

  it('with a byte of another value are read, or refused as damaged: never anything else', async () => {
    const bytes = readFileSync(file('robomimic'));
    const change = fc.record({ offset: fc.nat(bytes.length - 1), by: fc.integer({ min: 1, max: 255 }) });
    await fc.assert(
      fc.asyncProperty(change, async ({ offset, by }) => {
        const changed = Uint8Array.from(bytes);
        changed[offset] = (changed[offset]! + by) % 256;
        writeFileSync(at.path('changed.hdf5'), changed);
        const { error } = await read(at.path('changed.hdf5'), { format: 'hdf5' });
        if (error !== null) expect(error.code, error.stack).toBe('RA_LOG_DAMAGED');
      }),
      { numRuns: 60 },
    );
  });

  it('that are none are told as that', async () => {
    writeFileSync(at.path('no.hdf5'), 'x'.repeat(100));
    expect((await read(at.path('no.hdf5'))).error).toMatchObject({
      seen: expect.stringContaining('at byte 0: no HDF5 file'),
    });
  });
});
