import { writeFileSync } from 'node:fs';
import { formatRun } from '../core/config/load.ts';
import { shown } from '../core/config/source.ts';
import { ReflexArcError } from '../core/errors.ts';
import { type Fit, type Identified, identify, PARAMETER_NAMES, type ParameterName } from '../logs/in-sim/identify.ts';
import { worldConfigOfLog } from '../logs/log-config.ts';
import { windowOf } from '../logs/window.ts';
import { mayWrite } from './import.ts';
import { LiveLine, table } from './output.ts';

export interface IdentifyCommandOptions {
  parameter: string[];
  set: string[];
  from?: number;
  to?: number;
  evaluations?: number;
  out?: string;
  force?: boolean;
  json?: boolean;
}

/**
 * `reflexarc identify`: the parameters of the simulated world with which it is nearest to a log. Returns the exit code.
 * @throws ReflexArcError RA_USAGE for a parameter that is none, RA_FILE_EXISTS; and as identify
 */
export async function identifyLog(logs: readonly string[], options: IdentifyCommandOptions): Promise<number> {
  const { json = false, set, out, evaluations } = options;
  const parameters = named(options.parameter);
  const window = windowOf(options.from, options.to);
  if (out !== undefined) mayWrite(out, options.force);
  const stream = json ? process.stderr : process.stdout;
  const live = new LiveLine(stream);
  const found = await identify(logs, {
    ...{ parameters, sets: set, window, ...(evaluations !== undefined && { evaluations }) },
    onEvaluation: (done, best) => live.show(`executed ${done} times, joints ${mrad(best)} apart`),
  });
  live.done();
  stream.write(`${identifiedText(found)}\n`);
  if (out !== undefined) {
    const { config } = await worldConfigOfLog(logs[0]!, [...set, ...found.sets]);
    writeFileSync(out, formatRun(config));
    stream.write(`run with the found world: ${shown(out)}\n`);
  }
  if (json) process.stdout.write(`${JSON.stringify(found)}\n`);
  return 0;
}

function named(given: readonly string[]): ParameterName[] {
  const wrong = given.find((name) => !PARAMETER_NAMES.includes(name as ParameterName));
  if (wrong !== undefined)
    throw new ReflexArcError('RA_USAGE', { seen: `--parameter ${wrong}`, allowed: PARAMETER_NAMES.join(', ') });
  return given.length === 0 ? [...PARAMETER_NAMES] : ([...new Set(given)] as ParameterName[]);
}

const mrad = (rad: number) => `${(1000 * rad).toPrecision(3)} mrad`;
const apart = ({ joint_rad, tip_m, force_n }: Fit) =>
  `joints ${mrad(joint_rad)}, tip ${(1000 * tip_m).toPrecision(3)} mm, force ${force_n.toPrecision(3)} N`;

/** What was found, as a person reads it. */
export function identifiedText(r: Identified): string {
  return [
    table([
      ...r.changes.map((change): [string, string] => ['changed', change]),
      ['log', `${r.episodes} episodes, ${r.states} states, executed ${r.evaluations} times`],
      ['apart before', `${apart(r.before)}; RMS of all states`],
      ['apart after', apart(r.after)],
      ...r.parameters.map(({ name, unit, before, after, without }): [string, string] => [
        name,
        `${before} → ${after}${unit === '' ? '' : ` ${unit}`}; with ${before} joints ${mrad(without.joint_rad)} apart`,
      ]),
    ]),
    '',
    `  ${r.sets.map((set) => `--set ${set}`).join(' ')}`,
  ].join('\n');
}
