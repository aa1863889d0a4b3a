import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ExportOptions, exportLog } from '../../src/cli/export.ts';
import { importFile, listMap } from '../../src/cli/import.ts';
import { trainBase } from '../../src/cli/train.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { folder } from '../logs/trajectories/rig.ts';

const at = folder();
afterAll(() => at.remove());
const BAG = join(packageRoot, 'tests/logs/trajectories/bags/lz4.bag');
const none = { topic: [], channel: [] };
const csv: Omit<ExportOptions, 'out'> = { format: 'csv', topic: [], feature: [], task: '' };
let said = '';
beforeEach(() => {
  said = '';
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    said += String(chunk);
    return true;
  });
});

describe('import', () => {
  it('says what it took and what it left, and export writes it as CSV', async () => {
    const log = at.path('bag.mcap');
    expect(await importFile(BAG, { ...none, out: log })).toBe(0);
    expect(said).toMatch(/samples +200 in 1 episodes, 0\.590 s/);
    expect(said).toMatch(/\/joint_states\.position {2}60/);
    expect(said).toMatch(/left out +\/said: no numbers, message 111/);
    expect(await exportLog(log, { ...csv, out: at.path('bag.csv') })).toBe(0);
    const [header, first] = readFileSync(at.path('bag.csv'), 'utf8').split('\n');
    expect(header).toMatch(/^episode,time_ns,\/joint_states\.position\[shoulder\],/);
    expect(first).toMatch(/^0,1700000000123456789,0,-1,5e-324,/);
  });

  it('of a damaged file writes what can be read, and then fails with the byte', async () => {
    const cut = at.path('cut.bag');
    writeFileSync(cut, readFileSync(BAG).subarray(0, 8_000));
    const importing = importFile(cut, { ...none, out: at.path('cut.mcap'), json: true });
    await expect(importing).rejects.toMatchObject({ code: 'RA_LOG_DAMAGED', exitCode: 1 });
    const { samples, damage } = JSON.parse(said);
    expect(samples).toBeGreaterThan(20);
    expect(damage).toMatch(/at byte \d+/);
    expect(existsSync(at.path('cut.mcap'))).toBe(true);
  });

  it('does not write over a file, and leaves none behind when nothing could be read', async () => {
    writeFileSync(at.path('there.mcap'), 'mine');
    await expect(importFile(BAG, { ...none, out: at.path('there.mcap') })).rejects.toMatchObject({
      code: 'RA_FILE_EXISTS',
    });
    expect(readFileSync(at.path('there.mcap'), 'utf8')).toBe('mine');
    writeFileSync(at.path('what.dat'), 'no format');
    const unknown = importFile(at.path('what.dat'), { ...none, out: at.path('no.mcap') });
    await expect(unknown).rejects.toMatchObject({
      code: 'RA_USAGE',
      allowed: 'rosbag1, rosbag2, mcap, lerobot, hdf5, csv',
    });
    await expect(importFile(at.path('no.bag'), { ...none, out: at.path('no.mcap') })).rejects.toMatchObject({
      code: 'RA_LOG_DAMAGED',
    });
    expect(existsSync(at.path('no.mcap'))).toBe(false);
  });

  it('makes a LeRobot dataset of a bag, and imports it again', async () => {
    const log = at.path('for-lerobot.mcap');
    await importFile(BAG, { ...none, out: log });
    const dataset: ExportOptions = {
      ...{ format: 'lerobot', topic: [], out: at.path('dataset'), fps: 25, task: 'insert' },
      feature: ['observation.state=/joint_states.position,/wrench.wrench.torque', 'action=/command'],
    };
    said = '';
    expect(await exportLog(log, dataset)).toBe(0);
    // The commands end at 0.57 s: frames at 0, 0.04 … 0.56.
    expect(said).toMatch(/15 frames in 1 episodes: observation\.state, action/);
    said = '';
    expect(await importFile(at.path('dataset'), { ...none, out: at.path('again.mcap') })).toBe(0);
    expect(said).toMatch(/samples +30 in 1 episodes, 0\.560 s/);
    await expect(exportLog(log, dataset)).rejects.toMatchObject({
      code: 'RA_FILE_EXISTS',
      next: 'Choose a new folder.',
    });
    const { fps: _fps, ...slow } = dataset;
    await expect(exportLog(log, slow)).rejects.toMatchObject({ code: 'RA_USAGE', seen: 'no --fps' });
  });

  it('is what train bc --from clones', async () => {
    const rows = Array.from({ length: 30 }, (_, k) => [k / 20, k, -k, 1, k / 30, 0, 0, -k / 30].join());
    writeFileSync(at.path('demo.csv'), `t,o[x],o[y],o[z],a[x],a[y],a[z],a[k]\n${rows.join('\n')}\n`);
    const log = at.path('demo.mcap');
    await importFile(at.path('demo.csv'), { ...none, out: log });
    said = '';
    const given = { set: [], out: at.path('trained'), epochs: 1, json: true, from: log };
    const run = join(packageRoot, 'configs/runs/peg.yaml');
    expect(await trainBase(run, { ...given, observation: 'o', action: 'a' })).toBe(0);
    expect(JSON.parse(said)).toMatchObject({ demonstrations: 1, transitions: 30 });
    await expect(trainBase(run, { ...given, observation: 'a', action: 'a' })).rejects.toMatchObject({
      code: 'RA_USAGE',
      seen: 'feature a with 4 numbers',
    });
  });

  it('takes channels as NAME=COLUMN,COLUMN', () => {
    const map = (...given: string[]) => listMap('--channel', 'NAME=COLUMN,COLUMN', given);
    expect(map()).toBeUndefined();
    expect([...map('q=a, b', 'r=c')!]).toEqual([
      ['q', ['a', 'b']],
      ['r', ['c']],
    ]);
    expect(() => map('q')).toThrow(/NAME=COLUMN,COLUMN/);
  });
});
