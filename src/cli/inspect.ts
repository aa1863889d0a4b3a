import { writeFileSync } from 'node:fs';
import { shown } from '../core/config/source.ts';
import { inspectLog, type LogSummary } from '../logs/inspect.ts';
import { type ExaminedFile, type ExamineOptions, examine, examinedRows } from './examine.ts';
import { table } from './output.ts';

export interface InspectOptions extends ExamineOptions {
  html?: string;
  json?: boolean;
}

/** Incidents that are listed on a terminal. */
const LISTED = 15;
/** Topics whose longest gap is told: those with the most messages missing in it. */
const GAPS = 3;

/**
 * `reflexarc inspect`: whether the files are whole, what is in them, and what the gate did. Returns 0 where all of it can be
 * read or was repaired, else 1: then the readable part was summed up.
 */
export async function inspect(logs: readonly string[], options: InspectOptions): Promise<number> {
  const stream = options.json ? process.stderr : process.stdout;
  const files: ExaminedFile[] = [];
  for (const log of logs) files.push(await examine(log, options));
  const asked = options.repair === true;
  stream.write(`${files.map((file) => table(examinedRows(file, asked))).join('\n\n')}\n`);
  const whole = files.every((file) => file.complete || file.repaired !== null);
  if (asked) {
    if (options.json) process.stdout.write(`${JSON.stringify(files.length === 1 ? files[0] : { files })}\n`);
    return whole ? 0 : 1;
  }
  let summary: LogSummary;
  if (options.html === undefined) summary = await inspectLog(logs);
  else {
    const { reportOf } = await import('../logs/report.ts');
    const report = await reportOf(logs);
    summary = report.summary;
    writeFileSync(options.html, report.html);
  }
  if (summary.ticks > 0) stream.write(`\n${summaryText(summary)}\n`);
  if (options.html !== undefined) stream.write(`report  ${shown(options.html)}\n`);
  if (options.json) process.stdout.write(`${JSON.stringify({ ...summary, files })}\n`);
  return whole && summary.damage === null ? 0 : 1;
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const shares = (of: Record<string, number>) =>
  Object.entries(of)
    .sort(([, a], [, b]) => b - a)
    .map(([name, share]) => `${name} ${percent(share)}`)
    .join(', ') || 'none';
const counts = (of: Record<string, number>) =>
  Object.entries(of)
    .sort(([, a], [, b]) => b - a)
    .map(([name, n]) => `${name} ${n}`)
    .join(', ') || 'none';
const quantiles = (q: { p50: number; p99: number; max: number }, unit: string) =>
  `median ${q.p50}, 99 % ${q.p99}, largest ${q.max}${unit}`;

/** A summary as a person reads it. */
export function summaryText(s: LogSummary): string {
  const rows: [string, string][] = [
    ['run', `${s.run || 'unknown'}, reflexarc ${s.provenance.reflexarc ?? '?'}, seed ${s.provenance.seed ?? '?'}`],
    ['began', `${s.began}, ${s.duration_s.toFixed(1)} s`],
    ...(s.damage === null ? [] : [['summed up to', s.damage] as [string, string]]),
    ['commands', `${s.commands} in ${s.ticks} ticks: ${shares(s.sources)}`],
    ['modes', shares(s.modes)],
    ['stops', counts(s.stops)],
    ['interventions', counts(s.interventions)],
    ['residual used', percent(s.residual_fraction)],
    ['risk', quantiles(s.risk, '')],
    ['force', quantiles(s.force, ' N')],
    ['tick', quantiles(s.compute_us, ' µs')],
    ['state to command', quantiles(s.loop_us, ' µs')],
    [
      'journal',
      s.journal.births === 0
        ? 'none: the log cannot be made again'
        : `${s.journal.entries} calls of ${s.journal.births} gate${s.journal.births === 1 ? '' : 's'}, ${s.journal.lost} lost`,
    ],
  ];
  const gaps = Object.entries(s.topics)
    .sort(([, x], [, y]) => y.longest_gap_s * y.hz - x.longest_gap_s * x.hz)
    .slice(0, GAPS)
    .map(([name, t]) => `${name}  ${t.longest_gap_s.toFixed(3)} s at ${t.gap_at_s.toFixed(3)} s`);
  rows.push(['longest gaps', gaps.join('\n')]);
  const incidents = s.incidents
    .slice(0, LISTED)
    .map((i): [string, string] => [`${i.at_s.toFixed(3)} s`, `tick ${i.tick}: ${i.text}`]);
  const left = s.incidents.length - incidents.length;
  return [
    table(rows),
    ...(incidents.length > 0 ? [`\n${table(incidents)}`] : []),
    ...(left > 0 ? [`and ${left} more (--json or --html have all)`] : []),
  ].join('\n');
}
