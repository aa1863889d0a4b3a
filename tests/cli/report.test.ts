import { describe, expect, it, vi } from 'vitest';
import { collect, episodes, port, seed, speed } from '../../src/cli/options.ts';
import { asReflexArcError, formatError, wantsColour } from '../../src/cli/report.ts';
import { ReflexArcError } from '../../src/core/errors.ts';
import { errorOf } from '../core/config/fixture.ts';

describe('an error on the terminal', () => {
  const error = new ReflexArcError('RA_PORT_IN_USE', { seen: 'port 9090\nheld by 4711', allowed: 'a free port' });

  it('is a block of code, seen, allowed and next', () => {
    expect(formatError(error, false)).toBe(
      'error RA_PORT_IN_USE\n' +
        '  seen     port 9090\n' +
        '           held by 4711\n' +
        '  allowed  a free port\n' +
        '  next     Stop the program that has the port, or choose another port.',
    );
  });

  it('has colour only where it is asked for, and the same words', () => {
    const coloured = formatError(error, true);
    expect(coloured).toContain('\u001b[1;31merror\u001b[0m');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the escapes are what is tested
    expect(coloured.replaceAll(/\u001b\[[\d;]*m/g, '')).toBe(formatError(error, false));
  });

  it('takes colour from a terminal only, and not with NO_COLOR', () => {
    try {
      vi.stubEnv('NO_COLOR', undefined);
      vi.stubEnv('TERM', 'xterm');
      expect(wantsColour({ isTTY: true })).toBe(true);
      expect(wantsColour({})).toBe(false);
      vi.stubEnv('NO_COLOR', '1');
      expect(wantsColour({ isTTY: true })).toBe(false);
    } finally {
      vi.unstubAllEnvs();
    }
  });
});

describe('whatever is thrown becomes an error of the catalogue', () => {
  it.each([
    [new TypeError('x is undefined'), 'RA_INTERNAL', 'TypeError: x is undefined'],
    ['a string', 'RA_INTERNAL', 'a string'],
    [null, 'RA_INTERNAL', 'null'],
    [Object.assign(new Error('listen'), { code: 'EADDRINUSE' }), 'RA_PORT_IN_USE', 'Error: listen'],
    [Object.assign(new Error('write'), { code: 'ENOSPC' }), 'RA_LOG_DISK_FULL', 'Error: write'],
  ])('%j is %s', (thrown, code, seen) => {
    const error = asReflexArcError(thrown);
    expect([error.code, error.seen]).toEqual([code, seen]);
  });

  it('and one that is, stays as it is', () => {
    const error = new ReflexArcError('RA_SAFETY_STOP', { seen: 'a', allowed: 'b' });
    expect(asReflexArcError(error)).toBe(error);
    expect(error.exitCode).toBe(3);
  });
});

describe('option values', () => {
  it('are read as numbers where they are whole and in range', () => {
    expect([episodes('10'), seed('0'), seed('4294967295'), port('--port')('0')]).toEqual([10, 0, 4294967295, 0]);
    expect([speed('real'), speed('max')]).toEqual(['real', 'max']);
    expect(collect('b', ['a'])).toEqual(['a', 'b']);
  });

  it.each([
    [() => episodes('0'), '--episodes 0', 'from 1 to 1000000'],
    [() => episodes('-3'), '--episodes -3', 'a whole number'],
    [() => episodes('ten'), '--episodes ten', 'how many episodes'],
    [() => episodes('1e3'), '--episodes 1e3', 'a whole number'],
    [() => episodes(''), "--episodes ''", 'a whole number'],
    [() => seed('4294967296'), '--seed 4294967296', 'to 4294967295'],
    [() => port('--sim-port')('70000'), '--sim-port 70000', 'to 65535'],
    [() => speed('fast'), '--speed fast', '`real` or `max`'],
  ])('case %#: refused with what is allowed', (parse, seen, allowed) => {
    const error = errorOf(parse);
    expect([error.code, error.exitCode, error.seen]).toEqual(['RA_USAGE', 2, seen]);
    expect(error.allowed).toContain(allowed);
  });
});
