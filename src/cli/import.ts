import { existsSync } from 'node:fs';
import { ReflexArcError } from '../core/errors.ts';
import { type Format, readTrajectory } from '../logs/trajectories/formats.ts';
import { writeTrajectoryLog } from '../logs/trajectories/log-writer.ts';
import { Findings } from '../logs/trajectories/trajectory.ts';
import { table } from './output.ts';

export interface ImportOptions {
  out: string;
  from?: Format;
  topic: string[];
  time?: string;
  episode?: string;
  channel: string[];
  force?: boolean;
  json?: boolean;
}

/** A repeatable option of names with lists, `shape` as its help has it. @throws ReflexArcError RA_USAGE */
export function listMap(
  option: string,
  shape: string,
  given: readonly string[],
): ReadonlyMap<string, readonly string[]> | undefined {
  if (given.length === 0) return undefined;
  return new Map(
    given.map((text) => {
      const [, name, list] = /^([^=]+)=(.+)$/.exec(text) ?? [];
      if (name === undefined)
        throw new ReflexArcError('RA_USAGE', { seen: `${option} ${text}`, allowed: `${option} ${shape}` });
      return [name.trim(), list!.split(',').map((part) => part.trim())] as const;
    }),
  );
}

/** @throws ReflexArcError RA_FILE_EXISTS */
export function mayWrite(path: string, force: boolean | undefined, next?: string): void {
  if (force || !existsSync(path)) return;
  const what = { seen: path, allowed: 'a new file' };
  throw new ReflexArcError('RA_FILE_EXISTS', next === undefined ? what : { ...what, next });
}

/** What was not as it should be, as a person reads it. */
export function findingRows(findings: Findings): [string, string][] {
  return findings.all.map(({ kept, of, why, place, count }) => [
    kept ? 'kept' : 'left out',
    `${of}: ${why}, ${place}${count > 1 ? ` and ${count - 1} more` : ''}`,
  ]);
}

/**
 * `reflexarc import`: a file of another format as a log. Returns 0; throws what ended it too early, after what could be read
 * was written and told.
 */
export async function importFile(file: string, options: ImportOptions): Promise<number> {
  const { out, from, topic, time, episode, force, json } = options;
  const channels = listMap('--channel', 'NAME=COLUMN,COLUMN', options.channel);
  mayWrite(out, force);
  const findings = new Findings();
  const topics = topic.length === 0 ? undefined : new Set(topic);
  const samples = readTrajectory(file, findings, { format: from, topics, csv: { time, episode, channels } });
  // A slip in the command, or a file that is not there, leaves no empty log behind.
  const first = await samples.next();
  const all = (async function* () {
    if (first.done !== true) yield first.value;
    yield* samples;
  })();
  const written = await writeTrajectoryLog(out, all, { source: file });
  const { damage, from_ns, to_ns } = written;
  const seconds = from_ns === null ? 0 : Number(to_ns! - from_ns) / 1e9;
  const stream = json ? process.stderr : process.stdout;
  const rows: [string, string][] = [
    ['imported', `${file} to ${out}`],
    ['samples', `${written.samples} in ${written.episodes} episodes, ${seconds.toFixed(3)} s`],
    [
      'channels',
      Object.entries(written.channels)
        .map(([name, n]) => `${name}  ${n}`)
        .join('\n') || 'none',
    ],
    ...findingRows(findings),
  ];
  stream.write(`${table(rows)}\n`);
  if (json) {
    const said = { ...written, damage: damage?.message ?? null, findings: findings.all };
    process.stdout.write(`${JSON.stringify(said, (_k, v) => (typeof v === 'bigint' ? String(v) : v))}\n`);
  }
  if (damage !== null) throw damage;
  return 0;
}
