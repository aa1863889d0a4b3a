import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import { CHECKED_MESSAGES, CHECKED_SERVICES, GENPY_MODULES, NOT_IN_DEBIAN } from './genpy.ts';

/** Types that the sources name and that ROS 1's own serialisation is not asked about, and why. */
const NOT_ASKED: Readonly<Record<string, string>> = {
  'builtin_interfaces/msg/Time': 'a primitive of ROS 1: checked as a field',
  'builtin_interfaces/msg/Duration': 'a primitive of ROS 1: checked as a field',
  'sensor_msgs/msg/PointCloud2': 'read, never said',
  'rcl_interfaces/msg/Log': 'ROS 2 only; said on our own server',
  'action_msgs/srv/CancelGoal': 'ROS 2 only',
  'rosapi_msgs/srv/Topics': 'of rosbridge itself, which Debian does not have; asked and answered by name',
  'rosapi_msgs/srv/GetParam': 'of rosbridge itself',
  'rosapi_msgs/srv/GetROSVersion': 'of rosbridge itself',
};

const ROOMS = ['src', 'bridges', 'controllers', 'policies'];
const NAMED = /'([a-z][a-z0-9_]*\/(?:msg|srv|action)\/[A-Z][A-Za-z0-9]*)(?:_Request|_Response)?'/g;

/** Every type that a source names in the long spelling, in which all of ours are said, and where. */
function named(): Map<string, string> {
  const found = new Map<string, string>();
  for (const room of ROOMS)
    for (const entry of readdirSync(join(packageRoot, room), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith('.ts')) continue;
      const path = join(entry.parentPath, entry.name);
      for (const [, type] of readFileSync(path, 'utf8').matchAll(NAMED))
        found.set(type!, path.slice(packageRoot.length + 1));
    }
  return found;
}

it('every message and service that the sources name is held against ROS 1, or it is said why not', () => {
  const types = named();
  const checked = new Set([...CHECKED_MESSAGES, ...CHECKED_SERVICES, ...Object.keys(NOT_ASKED)]);
  expect([...types].filter(([type]) => !checked.has(type))).toEqual([]);
  // A reason for what is not named, or is checked after all, is none.
  const idle = ([type]: [string, string]) =>
    !types.has(type) || [...CHECKED_MESSAGES, ...CHECKED_SERVICES].includes(type);
  expect(Object.entries(NOT_ASKED).filter(idle)).toEqual([]);
  expect(types.get('visualization_msgs/msg/MarkerArray')).toBe('src/daemon/scene.ts');
});

it('ROS 1 has each of them as a class of its own, from a package that CI installs, but for what Debian has not', () => {
  const ours = ['reflexarc_msgs', ...NOT_IN_DEBIAN];
  const packages = new Set([...CHECKED_MESSAGES, ...CHECKED_SERVICES].map((type) => type.split('/')[0]!));
  const modules = [...packages]
    .filter((one) => !ours.includes(one))
    .map((one) => `${one}.${one === 'std_srvs' ? 'srv' : 'msg'}`);
  expect(['genpy.generator', ...modules].sort()).toEqual([...GENPY_MODULES].sort());
  const installs = readFileSync(join(packageRoot, '.ci/peers.sh'), 'utf8');
  for (const module of GENPY_MODULES)
    expect(installs).toContain(`python3-${module.split('.')[0]!.replaceAll('_', '-')}:${module}`);
});
