import { ReflexArcError } from '../core/errors.ts';
import { type EXPORT_FORMATS, readTrajectory } from '../logs/trajectories/formats.ts';
import { type Feature, framesOf } from '../logs/trajectories/frames.ts';
import { Findings, type Samples, untilDamage } from '../logs/trajectories/trajectory.ts';
import { findingRows, listMap, mayWrite } from './import.ts';
import { table } from './output.ts';

export interface ExportOptions {
  out: string;
  format: (typeof EXPORT_FORMATS)[number];
  topic: string[];
  feature: string[];
  fps?: number;
  task: string;
  robotType?: string;
  force?: boolean;
  json?: boolean;
}

interface Exported {
  /** What was written, as a person reads it and as a program does. */
  readonly said: string;
  readonly counts: Record<string, number>;
  /** What ended the source too early. */
  readonly damage: Error | null;
}

/** `reflexarc export`: the numbers of a log. Returns 0; throws what ended it too early, after what could be read was written. */
export async function exportLog(log: string, options: ExportOptions): Promise<number> {
  const { out, format, topic, json } = options;
  const topics = topic.length === 0 ? undefined : new Set(topic);
  const findings = new Findings();
  const samples = (told: Findings) => readTrajectory(log, told, { format: 'mcap', topics });
  const write = format === 'csv' ? exportCsv : exportLeRobot;
  const { said, counts, damage } = await write(samples, options, findings);
  const stream = json ? process.stderr : process.stdout;
  stream.write(`${table([['exported', `${log} to ${out}, ${said}`], ...findingRows(findings)])}\n`);
  if (json) process.stdout.write(`${JSON.stringify({ ...counts, findings: findings.all })}\n`);
  if (damage !== null) throw damage;
  return 0;
}

type Export = (samples: (told: Findings) => Samples, options: ExportOptions, findings: Findings) => Promise<Exported>;

const exportCsv: Export = async (samples, { out, force }, findings) => {
  mayWrite(out, force);
  const { writeCsv } = await import('../logs/trajectories/csv-writer.ts');
  let damage: Error | null = null;
  // It is read twice: told of once.
  let passes = 0;
  const rows = await writeCsv(out, () =>
    untilDamage(samples(passes++ === 0 ? findings : new Findings()), (error) => (damage = error)),
  );
  return { said: `${rows} rows`, counts: { rows }, damage };
};

const exportLeRobot: Export = async (samples, { out, fps, feature, task, robotType = null }, findings) => {
  if (fps === undefined)
    throw new ReflexArcError('RA_USAGE', { seen: 'no --fps', allowed: 'frames a second, as the policy is run' });
  // Files of another dataset beside the new ones would be read as part of it.
  mayWrite(out, false, 'Choose a new folder.');
  const map = listMap('--feature', 'NAME=CHANNEL,CHANNEL', feature);
  const wanted: Feature[] | null = map === undefined ? null : [...map].map(([name, channels]) => ({ name, channels }));
  const frames = await framesOf(samples(findings), fps, wanted, findings);
  const { writeLeRobot } = await import('../logs/trajectories/lerobot-writer.ts');
  await writeLeRobot(out, frames, { fps, task, robotType });
  const count = frames.episodes.reduce((sum, { length }) => sum + length, 0);
  const said = `${count} frames in ${frames.episodes.length} episodes: ${[...frames.entries.keys()].join(', ')}`;
  return { said, counts: { frames: count, episodes: frames.episodes.length }, damage: frames.damage };
};
