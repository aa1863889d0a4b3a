import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import { absent } from './peers.ts';

const WHY = 'no module named rospy';

describe('a peer that is not there', () => {
  it('is said by hand, and where another kind is required', () => {
    for (const required of ['', 'pypi', 'chromium pypi'])
      expect(absent('ros1', 'rospy', WHY, required)).toBe(`NOT TESTED, rospy is not here: ${WHY}`);
  });

  it('fails its test where its kind is required, with what is missing', () => {
    expect(() => absent('ros1', 'rospy', WHY, 'chromium ros1')).toThrow(
      `rospy must be here, for REFLEXARC_PEERS (chromium ros1) names ros1, and is not: ${WHY}`,
    );
  });

  it('that is there is neither', () => {
    expect(absent('ros1', 'rospy', '', 'ros1')).toBe('');
  });
});

/** Skips that are no peer's: what they go by, and how often. */
const OTHERS: Readonly<Record<string, [condition: string, times: number]>> = {
  // Optional packages of npm, and systemd's own tool beside our own test of the same.
  'tests/pipeline/observation/images.test.ts': ['noSharp', 6],
  'tests/learning/tensorflow-native.test.ts': ['notNative', 1],
  'tests/daemon/notify.test.ts': ["!inPath('systemd-notify')", 1],
};

it('no test is skipped by anything but `needs` and `absent`, so none of them can be skipped where it must not be', () => {
  const skips = readdirSync(join(packageRoot, 'tests'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts') && entry.name !== 'peers.test.ts')
    .flatMap((entry) => {
      const path = join(entry.parentPath, entry.name);
      const file = path.slice(packageRoot.length + 1);
      const found = [...readFileSync(path, 'utf8').matchAll(/\b(?:skip|skipIf|runIf|todo)\(\s*([^\n]*)/g)];
      const own = found.filter(([, rest]) => {
        const byPeer =
          /^why !== ''\)/.test(rest!) && /const why = no(Chromium|Ros1)\(/.test(readFileSync(path, 'utf8'));
        return !byPeer && !(file in OTHERS && rest!.startsWith(OTHERS[file]![0]));
      });
      const [, times] = OTHERS[file] ?? ['', 0];
      if (own.length === 0 && (times === 0 || found.length === times)) return [];
      return [`${file}: ${found.map(([all]) => all).join(' | ')}`];
    });
  expect(skips).toEqual([]);
});
