import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import { ROS2_PACKAGES } from '../interop/ros2.ts';

/** `.ci/peers.sh` on machines that are played: the commands that it finds are these, and what they do is in the file. */
interface Machine {
  root?: boolean;
  /** Nothing: no apt-get. */
  apt?: 'works' | 'unreachable' | 'breaks' | 'installs nothing';
  /** What apt-get does not know. */
  unknown?: string;
  chromium?: boolean;
  /** Modules that Python lacks before apt-get has installed. */
  lacks?: string[];
  pypi?: boolean;
  /** PyPI has ROS 2 for this Python. */
  ros2?: boolean;
}

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'reflexarc-ci-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const BASH = ['/bin/bash', '/usr/bin/bash'].find(existsSync)!;
const TOOLS = ['rm', 'mktemp', 'sleep'];

function command(name: string, script: string): void {
  writeFileSync(join(dir, name), `#!${BASH}\n${script}\n`);
  chmodSync(join(dir, name), 0o755);
}

/** What is said, which kinds are required of the tests, and what is not tested; `code` 1: `.ci/run` ends there. */
function peersOn({ root = true, apt, unknown = '-', chromium = true, lacks = [], pypi = true, ros2 = true }: Machine) {
  command('id', `echo ${root ? 0 : 1000}`);
  for (const tool of TOOLS) command(tool, `PATH=/usr/bin:/bin exec ${tool} "$@"`);
  if (chromium) command('chromium', '');
  // It imports what the file does not list.
  writeFileSync(join(dir, 'lacking'), lacks.join('\n'));
  command(
    'python3',
    `case "$*" in
      *'-m venv'*) PATH=/usr/bin:/bin; mkdir -p "$3/bin"; printf '#!${BASH}\\ncase "$*" in *ros-rclpy==*) exit ${ros2 ? 0 : 1} ;; *) exit ${pypi ? 0 : 1} ;; esac' > "$3/bin/python"; chmod +x "$3/bin/python" ;;
      *'-c import '*) while read -r lacking || [ -n "$lacking" ]; do [ "$2" = "import $lacking" ] && exit 1; done < ${dir}/lacking ;;
    esac
    exit 0`,
  );
  if (apt !== undefined) {
    command('apt-cache', `[ "$2" != '${unknown}' ]`);
    command(
      'apt-get',
      `echo "$*" >> ${dir}/asked
       case "$1" in
         update) exit ${apt === 'unreachable' ? 100 : 0} ;;
         install) ${apt === 'works' ? `: > ${dir}/lacking` : 'true'}; exit ${apt === 'works' || apt === 'installs nothing' ? 0 : 100} ;;
       esac`,
    );
  }
  const script = `set -euo pipefail
    . ${join(packageRoot, '.ci/peers.sh')}
    ROS_PYTHON=python3 APT_PAUSE_S=0
    peers && code=0 || code=1
    printf '\\n%s|%s|%s' "$code" "$REFLEXARC_PEERS" "\${untested[*]}"`;
  const said = execFileSync(BASH, ['-c', script], { env: { PATH: dir }, encoding: 'utf8', stdio: 'pipe' });
  const [code, required, untested] = said.split('\n').at(-1)!.split('|');
  const asked = existsSync(join(dir, 'asked')) ? readFileSync(join(dir, 'asked'), 'utf8') : '';
  return { said, code: Number(code), required: required!, untested: untested!, asked };
}

describe('what the tests of .ci/run are required to meet', () => {
  it('is all that is there, and nothing is installed', () => {
    expect(peersOn({ apt: 'works' })).toMatchObject({
      ...{ code: 0, required: 'chromium ros1 pypi ros2', untested: '', asked: '' },
    });
  });

  it('is what could be installed: just the packages whose modules are not there, the last of the list too', () => {
    const machine = peersOn({ apt: 'works', lacks: ['nav_msgs.msg', 'rosbag'] });
    expect(machine).toMatchObject({ code: 0, required: 'chromium ros1 pypi ros2', untested: '' });
    expect(machine.asked).toMatch(/^install .*--no-install-recommends python3-nav-msgs python3-rosbag$/m);
  });

  it.each<[string, Machine, string]>([
    ['without root', { root: false, apt: 'works' }, 'not root'],
    ['without apt-get', {}, 'no apt-get'],
    ['where no mirror answers', { apt: 'unreachable' }, 'could not install python3-rospy, and can reach no mirror'],
    ['of another distribution', { apt: 'works', unknown: 'python3-rospy' }, 'apt-get knows no python3-rospy'],
  ])('is not what cannot be had: %s the rest is tested, and what is not is said', (_name, machine, why) => {
    const found = peersOn({ ...machine, lacks: ['rospy'] });
    expect(found).toMatchObject({ code: 0, required: 'chromium pypi ros2' });
    expect(found.untested).toContain(`what needs ROS 1 (`);
    expect(found.untested).toContain(why);
    expect(found.said).toContain(`*** NOT TESTED HERE: ${found.untested}`);
  });

  it('a machine that reaches nothing is told of each kind', () => {
    const found = peersOn({ apt: 'unreachable', chromium: false, lacks: ['rospy'], pypi: false });
    expect(found).toMatchObject({ code: 0, required: '' });
    expect(found.said.match(/NOT TESTED HERE: what needs (\w+)/g)?.map((line) => line.split(' ').at(-1))).toEqual([
      ...['Chromium', 'ROS', 'packages'],
    ]);
  });

  it('is not ROS 2 where PyPI has none for this Python', () => {
    const found = peersOn({ ros2: false });
    expect(found).toMatchObject({ code: 0, required: 'chromium ros1 pypi' });
    expect(found.untested).toBe(
      `what needs ROS 2 (no ${ROS2_PACKAGES[0]} on PyPI for this Python, or a Python without a shared library)`,
    );
  });

  it.each<[string, Machine]>([
    ['that apt-get could fetch and not install', { apt: 'breaks', lacks: ['rospy'] }],
    ['that was installed and cannot be imported', { apt: 'installs nothing', lacks: ['rospy'] }],
    ['Chromium, that apt-get could fetch and not install', { apt: 'breaks', chromium: false }],
  ])('and .ci/run fails with what is broken: %s', (_name, machine) => {
    expect(peersOn(machine).code).toBe(1);
  });
});

describe('the update in PyTorch', () => {
  it.each([
    ['runs where there is torch', 0, '0|'],
    ['without torch is said to be not tested', 77, '0|the update in PyTorch (python3 has no torch)'],
    ['that breaks, or is asked wrongly, is a fault', 2, '2|'],
  ])('%s', (_name, code, said) => {
    command('python3', `exit ${code}`);
    const script = `. ${join(packageRoot, '.ci/peers.sh')}
      torch_update && code=0 || code=$?
      printf '\\n%s|%s' "$code" "\${untested[*]}"`;
    const out = execFileSync(BASH, ['-c', script], { env: { PATH: dir }, encoding: 'utf8', stdio: 'pipe' });
    expect(out.split('\n').at(-1)).toBe(said);
  });
});
