import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect } from 'vitest';
import { until } from '../../system/harness.ts';
import { AGAIN, scenario } from '../scenario.ts';
import { World } from './world.ts';

let world: World;
afterEach(() => world?.end());
const lines = () => readFileSync(join(world.t.dir, 'lines'), 'utf8');

// A file system of its own needs root; where that is not to be had, the recorder's unit test stands alone.
describe('the disk', () => {
  scenario(
    48,
    'the disk under the log is full: control goes on, the loss is counted and said',
    'process',
    async () => {
      const disk = mkdtempSync(join(tmpdir(), 'reflexarc-disk-'));
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=300k', 'tmpfs', disk]);
      try {
        world = await World.moving(undefined, join(disk, 'log.mcap'));
        await until(() => lines().includes('RA_LOG_DISK_FULL'), 20_000, 'RA_LOG_DISK_FULL');
        // The loss is counted, and grows; the policy does not care.
        const log = await world.diagnostics();
        const dropped = () => Number(log('log').dropped ?? 0);
        await until(() => dropped() > 0, 20_000, 'a loss in /diagnostics');
        const lost = dropped();
        expect(log('log').message).toBe('the disk takes no more');
        await world.goesOn();
        await until(() => dropped() > lost, 20_000, 'the loss to be counted on');
      } finally {
        // The recorder holds the file until the daemon has ended.
        await world.t.stop();
        execFileSync('umount', [disk]);
        rmSync(disk, { recursive: true, force: true });
      }
      return { outcome: 'RA_LOG_DISK_FULL; the loss is counted in /diagnostics; the policy goes on' };
    },
    // A disk of a given size is mounted.
    { ...AGAIN, lacks: () => (process.getuid?.() === 0 ? '' : 'root') },
  );
});
