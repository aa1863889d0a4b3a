import { describe, expect, it } from 'vitest';
import { modeOf, type ReplayOptions } from '../../src/cli/replay-options.ts';

const given = (options: Partial<ReplayOptions>): ReplayOptions => ({ set: [], with: [], topic: [], ...options });

describe('what replay is asked', () => {
  it('is what if, unless a mode is named', () => {
    expect(modeOf(given({})).mode).toBe('whatIf');
    expect(modeOf(given({ verify: true, set: ['a=1'] })).mode).toBe('verify');
    expect(modeOf(given({ toRos: true, speed: 2, loop: true, topic: ['/a'] })).mode).toBe('toRos');
  });

  it('is of the whole log, or of a stretch', () => {
    expect(modeOf(given({})).window).toEqual({ fromS: 0, toS: Number.POSITIVE_INFINITY });
    expect(modeOf(given({ from: 2, to: 3.5 })).window).toEqual({ fromS: 2, toS: 3.5 });
  });

  it.each<[Partial<ReplayOptions>, string]>([
    [{ verify: true, toRos: true }, '--verify --to-ros; allowed: one of --verify, --to-ros, --in-sim, --closed-loop'],
    [{ speed: 2 }, '--speed with neither of the modes; allowed: --speed with --to-ros'],
    [{ verify: true, loop: true }, '--loop with --verify; allowed: --loop with --to-ros'],
    [
      { toRos: true, set: ['a=1'] },
      '--set with --to-ros; allowed: --set with --verify or --in-sim or --closed-loop or neither of the modes',
    ],
    [{ verify: true, html: 'f' }, '--html with --verify; allowed: --html with neither of the modes'],
    [{ verify: true, topic: ['/a'] }, '--topic with --verify'],
    [{ port: 0 }, '--port with neither of the modes'],
    [{ tokenFile: 'f' }, '--token-file with neither'],
    [{ from: 3, to: 3 }, '--from 3 --to 3; allowed: --from before --to'],
  ])('%j is bad usage', (options, seen) => {
    expect(() => modeOf(given(options))).toThrow(`RA_USAGE: ${seen}`);
  });
});
