import { readTrajectory } from '../logs/trajectories/formats.ts';
import { Findings, untilDamage } from '../logs/trajectories/trajectory.ts';
import { findingRows, mayWrite } from './import.ts';
import { table } from './output.ts';

export interface ExportOptions {
  out: string;
  topic: string[];
  force?: boolean;
  json?: boolean;
}

/** `reflexarc export`: the numbers of a log as CSV. Returns 0; throws what ended it too early, after what could be read was written. */
export async function exportLog(log: string, { out, topic, force, json }: ExportOptions): Promise<number> {
  mayWrite(out, force);
  const topics = topic.length === 0 ? undefined : new Set(topic);
  const findings = new Findings();
  const { writeCsv } = await import('../logs/trajectories/csv-writer.ts');
  let damage: Error | null = null;
  // It is read twice: told of once.
  let passes = 0;
  const rows = await writeCsv(out, () =>
    untilDamage(
      readTrajectory(log, passes++ === 0 ? findings : new Findings(), { format: 'mcap', topics }),
      (error) => (damage = error),
    ),
  );
  const stream = json ? process.stderr : process.stdout;
  stream.write(`${table([['exported', `${log} to ${out}, ${rows} rows`], ...findingRows(findings)])}\n`);
  if (json) process.stdout.write(`${JSON.stringify({ rows, findings: findings.all })}\n`);
  if (damage !== null) throw damage;
  return 0;
}
