import { cpus } from 'node:os';
import { loadRun } from '../../core/config/load.ts';
import { type BenchName, benches } from './registry.ts';
import { type BenchOptions, bars, type Outcome, type Row } from './rows.ts';

export interface BenchCommand extends BenchOptions {
  json?: boolean;
  set: string[];
}

/** What `--json` prints as the last line of stdout. */
export interface BenchReport extends Omit<Outcome, 'failed'> {
  bench: BenchName;
  machine: { node: string; cpu: string; cores: number };
}

/** `reflexarc bench <name>`. Prints a table, or one object with `--json`. Returns the exit code. */
export async function bench(name: BenchName, configFile: string, options: BenchCommand): Promise<number> {
  const { config } = loadRun(configFile, options.set);
  const run = await benches[name].load();
  const { failed, ...outcome } = await run(config, options);
  for (const { subject, why, next } of outcome.missing ?? [])
    process.stderr.write(`missing  ${subject}: ${why}\n         ${next}\n`);
  const machine = { node: process.version, cpu: cpus()[0]?.model ?? '', cores: cpus().length };
  const report: BenchReport = { bench: name, machine, ...outcome };
  process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : `${plain(outcome)}\n`);
  return failed ? 1 : 0;
}

/** The outcome for a reader: a table, then what has a shape, then the notes. */
export function plain({ results, peers = {}, notes = [] }: Outcome): string {
  const head = ['case', 'subject', 'p50', 'p99', 'p99.9', 'max', 'unit', 'samples'];
  const cells = results.map((r) => [
    ...[r.case, r.subject, String(r.p50), String(r.p99), r.p99_9 === undefined ? '' : String(r.p99_9)],
    ...[String(r.max), r.unit, String(r.samples)],
  ]);
  // A column that no row has is left out.
  const shown = head.map((_, c) => c).filter((c) => cells.some((row) => row[c] !== ''));
  const width = head.map((h, c) => Math.max(h.length, ...cells.map((row) => row[c]!.length)));
  const line = (row: readonly string[]) =>
    shown
      .map((c) => (c >= 2 && c <= 5 ? row[c]!.padStart(width[c]!) : row[c]!.padEnd(width[c]!)))
      .join('  ')
      .trimEnd();
  const shapes = results.flatMap((r) => shapeOf(r));
  const versions = Object.entries(peers).map(([peer, version]) => `${peer}: ${version}`);
  return [line(head), ...cells.map(line), ...shapes, ...versions, ...notes].join('\n');
}

function shapeOf(row: Row): string[] {
  const title = `\n${row.case}, ${row.subject}`;
  if (row.histogram !== undefined) return [title, bars(row.histogram, row.unit)];
  if (row.series === undefined) return [];
  return [title, ...row.series.map(([at, value]) => `  ${String(at).padStart(9)}  ${value} ${row.unit}`)];
}
