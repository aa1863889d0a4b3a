import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { benchLog } from '../../../src/cli/bench/log.ts';
import { loadRun } from '../../../src/core/config/load.ts';
import { packageRoot } from '../../../src/core/paths.ts';

const { config } = loadRun(join(packageRoot, 'configs/runs/peg.yaml'), []);

describe('bench log', () => {
  it('has a row of us and of the bare library for writing and reading each compression, and a heap along the way', async () => {
    const { results, notes } = await benchLog(config, { samples: 30, seconds: 1 });
    for (const compression of ['none', 'lz4', 'zstd'])
      for (const what of ['write', 'read']) {
        const rows = results.filter((r) => r.case === `${what}_${compression}`);
        expect(rows.map((r) => r.subject)).toEqual(['ours', '@mcap/core']);
        for (const row of rows) expect(row.p50).toBeGreaterThan(0);
      }
    const size = (compression: string) => results.find((r) => r.case === `size_${compression}`)!.p50;
    expect(size('lz4')).toBeLessThan(size('none'));
    expect(size('zstd')).toBeLessThan(size('lz4'));
    const delays = results.filter((r) => r.case === 'event_loop_delay').map((r) => r.subject);
    expect(delays).toEqual(['nothing recorded', 'ours, none', 'ours, lz4', 'ours, zstd']);
    // 500 states of five messages, and each fifth a decision.
    expect(notes?.[0]).toMatch(/^2600 messages of 1 s .* 0 lost/);
    // Every command and decision of it was the same, or the bench would have failed; memory is looked at from a tenth on.
    expect(notes?.[1]).toMatch(/^a log of 1 s with 500 states .* times real time/);
    const verified = results.find((r) => r.case === 'verify_speed')!;
    expect(verified).toMatchObject({ subject: 'ours', unit: '× real time', samples: 3 });
    expect(verified.p50).toBeGreaterThan(0);
    const looked = results.filter((r) => r.case.endsWith('_while_verifying')).map((r) => r.series!.length);
    expect(looked).toEqual([5, 5]);
  });
});
