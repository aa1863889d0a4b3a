import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { exportLog } from '../../src/cli/export.ts';
import { channelMap, importFile } from '../../src/cli/import.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { folder } from '../logs/trajectories/rig.ts';

const at = folder();
afterAll(() => at.remove());
const BAG = join(packageRoot, 'tests/logs/trajectories/bags/lz4.bag');
const none = { topic: [], channel: [] };
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
    expect(await exportLog(log, { topic: [], out: at.path('bag.csv') })).toBe(0);
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
    await expect(unknown).rejects.toMatchObject({ code: 'RA_USAGE', allowed: 'rosbag1, rosbag2, mcap, csv' });
    await expect(importFile(at.path('no.bag'), { ...none, out: at.path('no.mcap') })).rejects.toMatchObject({
      code: 'RA_LOG_DAMAGED',
    });
    expect(existsSync(at.path('no.mcap'))).toBe(false);
  });

  it('takes channels as NAME=COLUMN,COLUMN', () => {
    expect(channelMap([])).toBeUndefined();
    expect([...channelMap(['q=a, b', 'r=c'])!]).toEqual([
      ['q', ['a', 'b']],
      ['r', ['c']],
    ]);
    expect(() => channelMap(['q'])).toThrow(/NAME=COLUMN,COLUMN/);
  });
});
