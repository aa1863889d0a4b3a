import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import { needs } from '../interop/peers.ts';
import { venv } from '../interop/venv.ts';
import { folder, read } from '../logs/trajectories/rig.ts';

const PACKAGES = ['h5py==3.16.0'];
const { python: PYTHON, prepare } = venv('h5py-1', PACKAGES, 'h5py');
const PEER = join(packageRoot, 'tests/interop/hdf5_peer.py');

let missing = '';
beforeAll(() => {
  missing = prepare();
});
let at: ReturnType<typeof folder>;
beforeEach(() => {
  at = folder();
});
afterEach(() => at.remove());

describe('demonstrations written by h5py', () => {
  it.for(['robomimic', 'aloha'])('%s: every number is read', async (layout, context) => {
    needs(context, 'pypi', PACKAGES.join(', '), missing);
    const said = execFileSync(PYTHON, [PEER, layout, at.path(`${layout}.hdf5`)], { encoding: 'utf8' });
    const expected = said
      .trim()
      .split('\n')
      .map((text) => JSON.stringify(JSON.parse(text)));
    const { samples, error } = await read(at.path(`${layout}.hdf5`));
    expect(error).toBeNull();
    const steps = new Map<string, number>();
    const ours = samples.map((s) => {
      const key = `${s.channel.name} ${s.episode.index}`;
      const step = steps.get(key) ?? 0;
      steps.set(key, step + 1);
      return JSON.stringify([s.channel.name, s.episode.index, step, [...s.values]]);
    });
    expect(ours.sort()).toEqual(expected.sort());
  });
});
