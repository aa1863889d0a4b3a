import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { OURS } from '../../bridges/messages/reflexarc-msgs.ts';
import { rosPackage } from '../../bridges/messages/ros-package.ts';
import { packageRoot } from '../../src/core/paths.ts';

const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string };
const folder = (ros: 1 | 2) => join(packageRoot, `bridges/messages/ros${ros}/reflexarc_msgs`);

/** `type name`: primitives, and types of packages that it depends on; a time is one of them in ROS 1 only. */
const PRIMITIVE = 'bool|string|u?int(8|16|32|64)|float(32|64)';
const FIELD = {
  1: new RegExp(`^(${PRIMITIVE}|time|(std|geometry)_msgs/[A-Z]\\w*)(\\[\\])? [a-z][a-z0-9_]*$`),
  2: new RegExp(`^(${PRIMITIVE}|builtin_interfaces/Time|(std|geometry)_msgs/[A-Z]\\w*)(\\[\\])? [a-z][a-z0-9_]*$`),
};

function committed(ros: 1 | 2): Map<string, string> {
  const files = readdirSync(folder(ros), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [relative(folder(ros), path), readFileSync(path, 'utf8')];
    }),
  );
}

describe.each([1, 2] as const)('the package of our messages for ROS %d', (ros) => {
  const made = rosPackage(ros, version);

  it('is committed as our definitions have it (`npm run messages` writes it)', () => {
    if (process.env.MESSAGES === 'write') {
      rmSync(folder(ros), { recursive: true, force: true });
      for (const [file, text] of made) {
        mkdirSync(dirname(join(folder(ros), file)), { recursive: true });
        writeFileSync(join(folder(ros), file), text);
      }
    }
    expect(new Map([...committed(ros)].sort())).toEqual(new Map([...made].sort()));
  });

  it('has each of our types, by its own rules: names of fields, times, comments', () => {
    const names = [...made.keys()].filter((file) => file.startsWith('msg/'));
    expect(names).toHaveLength(Object.keys(OURS).filter((type) => type.includes('/msg/')).length);
    for (const file of names) {
      const text = made.get(file)!;
      const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
      expect(lines.length).toBeGreaterThan(2);
      for (const line of lines) expect([file, line]).toEqual([file, expect.stringMatching(FIELD[ros])]);
      // What generates code from it reads ASCII.
      expect([...text].filter((c) => c > '~')).toEqual([]);
    }
    expect(made.get('srv/SetScale.srv')).toBe(
      '# In [0, 1].\nfloat64 scale\n---\nbool success\n# Why not.\nstring message\n',
    );
  });

  it('names every file in its build', () => {
    const build = made.get('CMakeLists.txt')!;
    for (const file of made.keys())
      if (/^(msg|srv)\//.test(file)) expect(build).toContain(ros === 1 ? `  ${file.split('/')[1]}\n` : `"${file}"\n`);
  });
});
