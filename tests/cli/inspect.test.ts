import { existsSync, readFileSync, truncateSync } from 'node:fs';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { inspect } from '../../src/cli/inspect.ts';
import { folder, recording, STRING, text } from '../bridges/mcap/rig.ts';

const at = folder();
afterAll(() => at.remove());
let said = '';
beforeEach(() => {
  said = '';
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    said += String(chunk);
    return true;
  });
});

async function log(name: string): Promise<string> {
  const path = at.path(name);
  const { recorder } = await recording(path, { chunkBytes: 8_000 });
  for (let i = 0; i < 21; i++)
    recorder.record('/s', STRING, text(1000), 1_700_000_000_000_000_000n + BigInt(i) * 100_000_000n, 0);
  await recorder.close();
  return path;
}

describe('inspect', () => {
  it('says what is in a whole log, and that it is whole', async () => {
    expect(await inspect([await log('whole.mcap')], {})).toBe(0);
    expect(said).toMatch(/state +whole/);
    // 21 messages in 2 s: the rate is what a reader would count, 10.5.
    expect(said).toMatch(/\/s {2}21, 10\.5 Hz/);
    expect(said).toMatch(/2\.000 s, from 2023-11-14T22:13:20/);
  });

  it('of one that ends too early says where, what to do, and exit code 1; with --repair it is done', async () => {
    const path = await log('cut.mcap');
    truncateSync(path, 15_000);
    const before = readFileSync(path);
    expect(await inspect([path], {})).toBe(1);
    expect(said).toMatch(/damaged +at \d+, \d+ bytes: the file ends in the middle of a chunk/);
    expect(said).toContain('--repair');
    said = '';
    expect(await inspect([path], { repair: true, json: true })).toBe(0);
    const result = JSON.parse(said);
    expect(result).toMatchObject({ complete: false, repaired: at.path('cut_repaired.mcap') });
    expect(result.damaged).toHaveLength(1);
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(await inspect([result.repaired], {})).toBe(0);
  });

  it('--repair of a whole log writes nothing', async () => {
    const path = await log('nothing.mcap');
    expect(await inspect([path], { repair: true })).toBe(0);
    expect(said).toContain('there is nothing to repair');
    expect(existsSync(at.path('nothing_repaired.mcap'))).toBe(false);
  });

  it('--out alone is a slip', async () => {
    await expect(inspect(['x.mcap'], { out: 'y.mcap' })).rejects.toMatchObject({ code: 'RA_USAGE' });
  });
});
