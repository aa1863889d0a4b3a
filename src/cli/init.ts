import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, isAbsolute, relative, resolve } from 'node:path';
import { loadRun } from '../core/config/load.ts';
import { nearest } from '../core/config/nearest.ts';
import { shown } from '../core/config/source.ts';
import { ReflexArcError } from '../core/errors.ts';
import { checkPolicies } from './check.ts';
import { findArm } from './init/arm.ts';
import { draftRun, LOOK } from './init/draft.ts';
import { askDescription, askGraph } from './init/graph.ts';
import { readJointLimits } from './init/joint-limits.ts';
import { limitsOf } from './init/limits.ts';
import { readUrdf } from './init/urdf.ts';

export interface InitOptions {
  urdf?: string;
  robotDescription?: boolean;
  jointLimits?: string;
  tip?: string;
  bridge?: string;
  tokenFile?: string;
  caFile?: string;
  name?: string;
  out?: string;
  force?: boolean;
  json?: boolean;
}

const DEFAULT_BRIDGE = 'ws://127.0.0.1:9090';

/**
 * `reflexarc init`: a run file from what a robot says of itself. Returns the exit code.
 * @throws ReflexArcError RA_USAGE, RA_URDF, RA_CONFIG_MISSING, RA_BRIDGE_UNREACHABLE, RA_FILE_EXISTS
 */
export async function init(options: InitOptions): Promise<number> {
  const { urdf: file, robotDescription = false } = options;
  if ((file !== undefined) === robotDescription)
    throw new ReflexArcError('RA_USAGE', {
      seen: file === undefined ? 'init: nothing to read the joints from' : 'init: --urdf and --robot-description',
      allowed: '`--urdf FILE`, or `--robot-description`',
    });
  const url = options.bridge ?? (robotDescription ? DEFAULT_BRIDGE : undefined);
  if (url !== undefined && !/^wss?:\/\/./.test(url))
    throw new ReflexArcError('RA_USAGE', { seen: `--bridge ${url}`, allowed: 'a ws:// or wss:// address' });
  if (url === undefined && (options.tokenFile ?? options.caFile) !== undefined)
    throw new ReflexArcError('RA_USAGE', {
      seen: 'init: --token-file or --ca-file, and no bridge to show it to',
      allowed: 'with `--bridge URL` or `--robot-description`',
    });
  const { tokenFile, caFile } = options;
  const graph = url === undefined ? null : await askGraph({ url, tokenFile, caFile });
  const from = file === undefined ? `the robot_description behind ${url}` : basename(file);
  const urdf = readUrdf(file === undefined ? await askDescription(graph!) : readText(file), from);
  const arm = findArm(urdf, options.tip);
  const limits = options.jointLimits === undefined ? new Map() : readJointLimits(options.jointLimits);
  const joints = arm.joints.map((joint) => limitsOf(joint, limits.get(joint.name)));
  const name = options.name ?? urdf.name;
  const out = resolve(options.out ?? `${name.replaceAll(/[^\w-]+/g, '_')}.yaml`);
  const draft = draftRun({
    name,
    from,
    jointLimits: options.jointLimits === undefined ? undefined : basename(options.jointLimits),
    arm,
    joints,
    graph,
    access: { tokenFile: fromRunFile(tokenFile, out), caFile: fromRunFile(caFile, out) },
  });
  write(out, draft, options.force ?? false);

  // What was written is held to what anybody's run is held to.
  const run = loadRun(out);
  checkPolicies(run.config, run.placeOf);
  const marked = draft.split('\n').filter((line) => line.includes(`# ${LOOK}`) || line.includes(`. ${LOOK}`)).length;
  const unknown = [...limits.keys()].filter((joint) => !urdf.joints.some((j) => j.name === joint));
  const say = (text: string) => (options.json ? process.stderr : process.stdout).write(`${text}\n`);
  for (const joint of unknown) {
    const guess = nearest(
      joint,
      urdf.joints.map((j) => j.name),
    );
    say(
      `warning  ${options.jointLimits}: ${joint} is no joint of ${urdf.name}${guess ? `; did you mean ${guess}?` : ''}`,
    );
  }
  say(`${shown(out)}: ${arm.joints.length} joints, ${arm.base} to ${arm.tip}; nothing moves with it yet`);
  say(`${marked} lines are marked "${LOOK}": look at them, then \`reflexarc check ${shown(out)}\``);
  if (options.json)
    process.stdout.write(
      `${JSON.stringify({ file: out, joints: joints.map((j) => j.name), base: arm.base, tip: arm.tip, defaults: marked })}\n`,
    );
  return 0;
}

/** Paths in a run file start from its folder; one that the user gave whole stays as it is. */
function fromRunFile(path: string | undefined, out: string): string | undefined {
  return path === undefined || isAbsolute(path) ? path : relative(dirname(out), resolve(path));
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new ReflexArcError('RA_CONFIG_MISSING', { seen: `--urdf ${file}: ${code}`, allowed: 'a URDF file', cause });
  }
}

/** Never over a file that is there, unless it is told to. */
function write(file: string, content: string, force: boolean): void {
  try {
    writeFileSync(file, content, { flag: force ? 'w' : 'wx' });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST')
      throw new ReflexArcError('RA_FILE_EXISTS', { seen: shown(file), allowed: 'a file that is not there yet', cause });
    throw new ReflexArcError('RA_USAGE', {
      seen: `--out ${file}: ${message}`,
      allowed: 'a file that can be written',
      cause,
    });
  }
}
