import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { judge } from '../../../src/cli/bench/aims.ts';
import { jitterAims, lateness, stolenNotes } from '../../../src/cli/bench/jitter.ts';
import { under } from '../../../src/cli/bench/load.ts';
import { CYCLICTESTS, cyclictest, latencies } from '../../../src/cli/bench/peers/cyclictest.ts';
import { stolenMs } from '../../../src/cli/stolen.ts';
import { loadRun } from '../../../src/core/config/load.ts';
import { packageRoot } from '../../../src/core/paths.ts';

const PRINTED = `# /dev/cpu_dma_latency set to 0us
# Histogram
000000 000000
000081 000002
000095 000001

# Total: 000000004
# Min Latencies: 00081
# Avg Latencies: 00090
# Max Latencies: 23456
# Histogram Overflows: 00001
# Histogram Overflow at cycle number:
# Thread 0: 00002
`;

describe('cyclictest as a peer', () => {
  let dir: string;
  const path = process.env.PATH;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'reflexarc-cyclictest-'));
    process.env.PATH = dir;
  });
  afterEach(() => {
    process.env.PATH = path;
    rmSync(dir, { recursive: true });
  });
  const program = (text: string) => writeFileSync(join(dir, 'cyclictest'), `#!/bin/sh\n${text}\n`, { mode: 0o755 });

  it('is read from its histogram; what overflows it counts as the maximum', () => {
    expect(latencies(PRINTED)).toEqual([81, 81, 95, 23456]);
    expect(() => latencies('# nothing')).toThrow('said nothing');
  });

  it('is run at our interval, without privileges', async () => {
    program('echo "000081 000002"; echo "# $*"; test "$*" = "-q -t1 --policy=other -i 4000 -l 7 -h 200000"');
    expect(await cyclictest(CYCLICTESTS[0]!, 4000, 7)).toEqual([81, 81]);
  });

  it('that is not there is missing, with what to install', async () => {
    expect(await cyclictest(CYCLICTESTS[0]!, 4000, 7)).toEqual({
      subject: 'cyclictest',
      why: 'cyclictest is not installed',
      next: 'Install it: `apt-get install rt-tests`.',
    });
  });

  it('that may not have its priority is missing, with what it said', async () => {
    program('echo "unable to change scheduling policy" >&2; exit 1');
    expect(await cyclictest(CYCLICTESTS[1]!, 4000, 7)).toMatchObject({
      subject: 'cyclictest, FIFO 80',
      why: 'cyclictest ended with 1: unable to change scheduling policy',
    });
  });
});

describe('the jitter bench', () => {
  it('hears the lateness of a real reflex, tick by tick, under load', async () => {
    const { config } = loadRun(join(packageRoot, 'configs/runs/peg.yaml'), []);
    const { us, skipped } = await under('CPU hog', () => lateness(config, 250, 40, []));
    expect(us).toHaveLength(40);
    expect(Math.min(...us)).toBeGreaterThanOrEqual(0);
    expect(skipped).toBeGreaterThanOrEqual(0);
  });

  it('reads what the host of a virtual machine took, all cores together, in ms', () => {
    const stat = 'cpu  4415032 907748 475472 1807560 7691 0 15572 9335 0 0\ncpu0 1 2 3 4 5 6 7 8 9 10\n';
    expect(stolenMs(() => stat)).toBe(93_350);
    expect(stolenMs(() => 'cpu 1 2 3')).toBeNaN();
    expect(
      stolenMs(() => {
        throw new Error('no such file');
      }),
    ).toBeNaN();
  });

  it('says how long the machine was not there, and where most; nothing where it always was', () => {
    const row = (name: string, stolen?: number) => ({
      ...{ case: name, subject: 'ours', unit: 'us', p50: 0, p99: 0, max: 0, samples: 1 },
      ...(stolen !== undefined && { stolen_ms: stolen }),
    });
    expect(stolenNotes([row('a', 10), row('b', 1300), row('c')])).toEqual([
      'the host of this virtual machine took 1310 ms of CPU time meanwhile, 1300 of them in b, ours: so long nothing ran here, of whatever priority',
    ]);
    expect(stolenNotes([row('a', 0), row('b')])).toEqual([]);
  });

  it('says which aims are reached, and of peers that were there only, and fails where one is not', () => {
    const row = (name: string, subject: string, p99: number) => ({
      ...{ case: name, subject, unit: 'us', p50: 0, p99, max: 0, samples: 1 },
    });
    expect(
      judge(
        jitterAims([
          row('100 Hz, idle', 'ours', 999),
          row('100 Hz, idle', 'cyclictest', 600),
          row('250 Hz, idle', 'ours', 400),
          row('250 Hz, idle', 'cyclictest', 300),
          row('500 Hz, idle', 'ours', 400),
        ]),
        true,
      ),
    ).toEqual({
      notes: [
        'ours p99 at 100 Hz, idle: 999 us, aim at most 1000: reached',
        'ours p99 over cyclictest at 100 Hz, idle: 399 us, aim at most 300: NOT REACHED',
        'ours p99 over cyclictest at 250 Hz, idle: 100 us, aim at most 300: reached',
      ],
      failed: true,
    });
  });
});
