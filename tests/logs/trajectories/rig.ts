import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ReflexArcError } from '../../../src/core/errors.ts';
import { readTrajectory, type SourceOptions } from '../../../src/logs/trajectories/formats.ts';
import { type Finding, Findings, type Sample } from '../../../src/logs/trajectories/trajectory.ts';

export function folder(): { path(name: string): string; remove(): void } {
  const dir = mkdtempSync(join(tmpdir(), 'reflexarc-trajectories-'));
  return { path: (name) => join(dir, name), remove: () => rmSync(dir, { recursive: true, force: true }) };
}

export interface ReadBack {
  samples: Sample[];
  error: ReflexArcError | null;
  findings: readonly Finding[];
}

/** All that can be read, what was told, and the error at the end. */
export async function read(path: string, options: SourceOptions = {}): Promise<ReadBack> {
  const findings = new Findings();
  const samples: Sample[] = [];
  let error: ReflexArcError | null = null;
  try {
    for await (const sample of readTrajectory(path, findings, options)) samples.push(sample);
  } catch (cause) {
    error = cause as ReflexArcError;
  }
  return { samples, error, findings: findings.all };
}

/** A sample as one line that tells apart every bit of it. */
export const line = ({ channel, episode, timeNs, values }: Sample): string =>
  [channel.name, channel.entries, episode.index, timeNs, ...Array.from(values, bits)].join(' ');

export function bits(value: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes.toString('hex');
}
