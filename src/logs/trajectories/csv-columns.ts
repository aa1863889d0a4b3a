import { ReflexArcError } from '../../core/errors.ts';

/** Which column is what. */
export interface CsvMap {
  /** Column of the time; `time_ns`, `timestamp_ns`, `time`, `timestamp`, `t` or `stamp` without it. */
  readonly time?: string | undefined;
  /** Column of the episode number; `episode` or `episode_index` without it, or one episode. */
  readonly episode?: string | undefined;
  /** Columns by channel, in the order of the entries; without it each column, those of `name[entry]` together. */
  readonly channels?: ReadonlyMap<string, readonly string[]> | undefined;
}

export interface ColumnPlan {
  /** `digits`: how many behind the point a nanosecond has, 9 for seconds. */
  readonly time: { name: string; column: number; digits: number };
  readonly episode: { name: string; column: number } | null;
  readonly channels: readonly { name: string; entries: readonly string[]; columns: readonly number[] }[];
}

const TIMES = ['time_ns', 'timestamp_ns', 'time', 'timestamp', 't', 'stamp'];
const EPISODES = ['episode', 'episode_index'];

/** What each column of a file is. @throws ReflexArcError RA_USAGE where a column is not there, or is there twice */
export function columnPlan(path: string, header: readonly string[], map: CsvMap): ColumnPlan {
  const names = header.map((name) => name.trim());
  const refuse = (seen: string, allowed: string, next: string) =>
    new ReflexArcError('RA_USAGE', { seen: `${path}: ${seen}`, allowed, next });
  const columns = new Map(names.map((name, i) => [name, i]));
  const twice = names.find((name, i) => columns.get(name) !== i);
  if (twice !== undefined)
    throw refuse(`two columns ${twice || 'without a name'}`, 'a name of its own for each column', 'Rename one.');
  const column = (name: string): number => {
    const found = columns.get(name);
    if (found === undefined) throw refuse(`no column ${name}`, names.join(', '), 'Name one of these.');
    return found;
  };
  const time = map.time ?? TIMES.find((name) => columns.has(name));
  if (time === undefined) throw refuse('no column of time', names.join(', '), 'Say which it is: --time COLUMN.');
  const episode = map.episode ?? EPISODES.find((name) => columns.has(name)) ?? null;
  const taken = new Set([time, episode]);
  return {
    time: { name: time, column: column(time), digits: digitsOf(time) },
    episode: episode === null ? null : { name: episode, column: column(episode) },
    channels:
      map.channels === undefined
        ? groups(names.filter((name) => !taken.has(name))).map((group) => ({
            ...group,
            columns: group.from.map(column),
          }))
        : [...map.channels].map(([name, from]) => ({ name, entries: from, columns: from.map(column) })),
  };
}

/** By the unit at the end of the column's name; seconds without one. */
function digitsOf(name: string): number {
  const unit = /_(ns|us|ms)$/.exec(name)?.[1];
  return unit === 'ns' ? 0 : unit === 'us' ? 3 : unit === 'ms' ? 6 : 9;
}

/** `name[entry]` columns by their name, in the order of the file; a column without is a channel with one number. */
function groups(names: readonly string[]): { name: string; entries: string[]; from: string[] }[] {
  const found = new Map<string, { name: string; entries: string[]; from: string[] }>();
  for (const from of names) {
    const [, name = from, entry = ''] = /^(.+)\[([^\]]*)\]$/.exec(from) ?? [];
    const group = found.get(name) ?? { name, entries: [], from: [] };
    group.entries.push(entry);
    group.from.push(from);
    found.set(name, group);
  }
  return [...found.values()];
}
