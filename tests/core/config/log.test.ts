import { describe, expect, it } from 'vitest';
import { loadRun } from '../../../src/core/config/load.ts';
import { errorOf, runFolder } from './fixture.ts';

const refused = (...sets: string[]) => errorOf(() => loadRun(runFolder().run, sets)).seen;
const warned = (...sets: string[]) => loadRun(runFolder().run, sets).warnings.join('\n');

describe('bounds of a log that make no sense are refused, with what would', () => {
  it.each([
    [['log.rotate_bytes=1000'], 'log.rotate_bytes 1000 is below 1000000: a file would hold little but its head'],
    [['log.rotate_bytes=256000000'], 'log.rotate_bytes 256000000 is not below max_bytes 256000000'],
    [['log.rotate_s=0.5'], 'log.rotate_s 0.5 s is shorter than the 1 s of a chunk'],
    [['log.keep_files=5'], 'log.keep_files 5 has no effect on a log of one file: set rotate_bytes or rotate_s too'],
    [['log.keep_files=1', 'log.rotate_s=60'], 'log.keep_files 1 would delete all that was recorded at each new file'],
    [['log.black_box_bytes=1000'], 'log.black_box_bytes 1000 is below 1000000'],
    [['log.black_box_s=3600'], 'log.black_box_s 3600 s is over 600 s: that is a log, see log.enabled and keep_files'],
    [['log.black_box_after_s=601'], 'log.black_box_after_s 601 s is over 600 s'],
    [['log.compression=gzip'], 'log.compression'],
  ])('%j', (sets, told) => {
    expect(refused(...sets)).toContain(told);
  });

  it('and a bound that another one overrules is warned of', () => {
    expect(warned('log.rotate_bytes=20000000', 'log.keep_files=20')).toContain(
      'log.max_bytes 256000000 is below keep_files 20 × rotate_bytes 20000000: fewer files will be kept',
    );
    expect(warned("log.topics={'/reflexarc/gate': {throttle_ms: 100}}")).toContain('cannot be made again by a replay');
  });

  it('those that make sense are not', () => {
    const sets = ['log.rotate_bytes=10000000', 'log.rotate_s=600', 'log.keep_files=20', 'log.black_box_s=0'];
    expect(warned(...sets, 'log.compression=zstd')).not.toContain('log.');
  });
});
