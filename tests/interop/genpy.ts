import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type parse, stringify } from '@foxglove/rosmsg';
import { ros1 } from '@foxglove/rosmsg-msgs-common';
import { definitions } from '../../bridges/messages/definitions.ts';
import { ros1Text } from '../../bridges/messages/ros1.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { ROS1_PYTHON } from './peers.ts';

type Definition = ReturnType<typeof parse>[number];
const script = (name: string) => join(packageRoot, 'tests/interop', name);

/** What the checks need of ROS 1: the packages that our messages are of, and genpy. */
export const GENPY_MODULES = [
  ...['genpy.generator', 'std_msgs.msg', 'geometry_msgs.msg', 'sensor_msgs.msg', 'nav_msgs.msg', 'rosgraph_msgs.msg'],
  ...['diagnostic_msgs.msg', 'trajectory_msgs.msg', 'tf2_msgs.msg', 'visualization_msgs.msg', 'std_srvs.srv'],
];

/** Types that we say and have no text of: their definition comes from a package, and that of ROS 1 from the same. */
export const OF_PACKAGE = ['visualization_msgs/msg/Marker', 'visualization_msgs/msg/MarkerArray'];

/** What is held against genpy, long spelling, of what ROS 1 has as a message: the halves of a service are checked by the service. */
export const CHECKED_MESSAGES: readonly string[] = [
  ...[...definitions.keys()].filter((type) => type.includes('/msg/') && !type.startsWith('builtin_interfaces/')),
  ...OF_PACKAGE,
];
export const CHECKED_SERVICES: readonly string[] = [
  ...new Set([...definitions.keys()].flatMap((type) => /^(.*\/srv\/.*)_Re/.exec(type)?.[1] ?? [])),
];

/** Of a message in a package that Debian does not have; its class is made of our own text. */
export const NOT_IN_DEBIAN = ['control_msgs'];

/** One line for genpy_check.py, which says what each is, and its answer. */
export interface Asked {
  definition?: string;
  message?: string;
  request?: string;
  response?: string;
  service?: string;
  text?: string;
  value?: unknown;
  wire?: unknown;
}
export interface Answer {
  installed: boolean;
  md5: string;
  ours_md5: string;
  bytes: string;
  read?: unknown;
  error?: string;
}

/** `packages`: a folder that `buildPackage` wrote to. */
export function askGenpy(lines: readonly Asked[], packages = ''): Answer[] {
  const said = execFileSync(ROS1_PYTHON, [script('genpy_check.py')], {
    ...{ input: lines.map((line) => JSON.stringify(line)).join('\n'), encoding: 'utf8', maxBuffer: 1e9 },
    env: { ...process.env, PYTHONPATH: packages, PYTHONDONTWRITEBYTECODE: '1' },
  });
  return said
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Answer);
}

/** The text of a type as ROS 1 has it. A header begins with its `seq`; `ros1Text` sees to the headers within others. */
export const ros1TextOf = (type: string): string => {
  const text = definitions.get(type);
  if (text === undefined) return packageText(type.replace('/msg/', '/'));
  return `${type === 'std_msgs/msg/Header' ? 'uint32 seq\n' : ''}${ros1Text(text)}`;
};

/** The same from the package's definitions of ROS 1. */
function packageText(type: string): string {
  const found = new Map<string, Definition>();
  const collect = (name: string): void => {
    if (found.has(name)) return;
    found.set(name, (ros1 as Record<string, Definition>)[name]!);
    for (const field of found.get(name)!.definitions) if (field.isComplex === true) collect(field.type);
  };
  collect(type);
  return stringify([...found.values()]);
}

/**
 * A Python package in `out`, by ROS 1's own generator, from a folder with `msg` and `srv`. The messages of other packages
 * that it uses are from our texts of them, in `scratch`.
 */
export function buildPackage(name: string, folder: string, out: string, scratch: string): void {
  const others = ['std_msgs', 'geometry_msgs'].map((pkg) => {
    const at = join(scratch, 'share', pkg);
    mkdirSync(at, { recursive: true });
    for (const type of definitions.keys()) {
      if (!type.startsWith(`${pkg}/msg/`)) continue;
      const [own = ''] = ros1TextOf(type).split(`${'='.repeat(80)}\n`);
      writeFileSync(join(at, `${type.split('/').at(-1)}.msg`), own);
    }
    return `${pkg}=${at}`;
  });
  execFileSync(ROS1_PYTHON, [script('genpy_package.py'), name, folder, out, ...others], { stdio: 'pipe' });
}

/** `reflexarc_msgs`, from the files that users of ROS 1 build. */
export const buildOurs = (out: string, scratch: string): void =>
  buildPackage('reflexarc_msgs', join(packageRoot, 'bridges/messages/ros1/reflexarc_msgs'), out, scratch);
