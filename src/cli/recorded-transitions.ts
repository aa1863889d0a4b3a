import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createBase } from '../../policies/base/registry.ts';
import { shown } from '../core/config/source.ts';
import type { RunConfig } from '../core/config-schema.ts';
import { type RecordedTransitions, residualEpisodesOf, sortedOut } from '../learning/recorded.ts';
import type { RecordedSource } from '../learning/training.ts';
import { loggedConfig } from '../logs/log-config.ts';
import { readTrajectory } from '../logs/trajectories/formats.ts';
import { framesOf } from '../logs/trajectories/frames.ts';
import { Findings } from '../logs/trajectories/trajectory.ts';
import { compileObservation } from '../pipeline/observation/compile.ts';
import { transitionsOf } from '../practice/episode.ts';
import { episodesOfLogs } from '../practice/logged-episodes.ts';

export interface RecordedOptions {
  from: string[];
  observation: string;
  baseObservation?: string;
  action: string;
  reward: string;
  done: string;
}

export type Recorded = RecordedTransitions & { of: RecordedSource; unused: readonly string[] };

/**
 * What the logs of `--from` have to teach a residual of the run: of logs of `run` and `demo` the episodes as practice would have cut
 * them, of those of `import` the channels that are named.
 * @throws ReflexArcError RA_USAGE for logs of another run, without outcomes or without what the policies see; RA_LOG_DAMAGED
 */
export async function recordedTransitions(config: RunConfig, options: RecordedOptions): Promise<Recorded> {
  const own: string[] = [];
  const imported: string[] = [];
  for (const path of options.from) ((await loggedConfig(path)) === null ? imported : own).push(path);
  const base = createBase(config.policies.base);
  const { residualSize: observationSize } = compileObservation(config.robot, config.task);
  const sizes = { observationSize, actionSize: base.actionSize };
  const { episodes, unused } = own.length > 0 ? await episodesOfLogs(own, config) : { episodes: [], unused: [] };
  const findings = new Findings();
  const { observation, baseObservation = observation, action, reward, done } = options;
  const features = { observation, baseObservation, action, reward, done };
  const framed = [];
  for (const path of imported) {
    const wanted = [...new Set(Object.values(features))].map((name) => ({ name, channels: [name] }));
    const samples = readTrajectory(path, findings, { format: 'mcap' });
    const frames = await framesOf(samples, config.task.decision_hz, wanted, findings);
    if (frames.damage !== null) throw frames.damage;
    for await (const e of residualEpisodesOf(frames, features, sizes, base, config.policies.base.execute_steps))
      framed.push(e);
  }
  const sorted = sortedOut([
    ...episodes.map((e) => ({ success: e.success, transitions: transitionsOf(e, sizes) })),
    ...framed,
  ]);
  const { demonstrations, online, successes, failures } = sorted;
  const logs = options.from.map((path) => ({ file: shown(resolve(path)), sha256: digestOf(path) }));
  const told = findings.all.map(({ place, of, why }) => `${place}: ${of}: ${why}`);
  return { demonstrations, online, of: { logs, successes, failures }, unused: [...unused, ...told] };
}

const digestOf = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');
