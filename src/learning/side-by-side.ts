import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { createBase } from '../../policies/base/registry.ts';
import { createCritic } from '../../policies/critic/registry.ts';
import { createResidual } from '../../policies/residual/registry.ts';
import type { RunConfig } from '../core/config-schema.ts';
import { packageRoot } from '../core/paths.ts';
import { carefree, noResidual } from './demonstrations.ts';
import { type EpisodeScore, type EvaluationOptions, type Policies, playEpisodes } from './evaluate.ts';

/** A thread is worth its start from so many episodes on. */
const EPISODES_PER_THREAD = 20;
const MOST_THREADS = 4;

export type LeftOut = 'residual' | 'critic';

/** The policies that a config names, with parts left out: nothing in the place of a residual, no danger anywhere for a critic. */
export function policiesOf({ policies }: RunConfig, without: readonly LeftOut[] = []): Policies {
  return {
    base: createBase(policies.base),
    residual: without.includes('residual') ? noResidual : createResidual(policies.residual),
    critic: without.includes('critic') ? carefree : createCritic(policies.critic),
  };
}

/** What a thread is given, and what it says: how far it is, then its scores. */
export interface EvaluationShard {
  config: RunConfig;
  without: readonly LeftOut[];
  episodes: number;
  seed: number;
}
export type ShardMessage = { done: number; successes: number } | { scores: EpisodeScore[] };

/**
 * `playEpisodes` of the config's policies, in several worlds side by side: a seed is the same episode in any world and in any order,
 * so the scores are the same as those of one world, in the order of the seeds.
 */
export async function playSideBySide(
  config: RunConfig,
  {
    episodes,
    seed,
    onEpisode,
    without = [],
    threads,
  }: EvaluationOptions & { without?: readonly LeftOut[]; threads?: number },
): Promise<EpisodeScore[]> {
  const worth = Math.min(availableParallelism(), MOST_THREADS, Math.floor(episodes / EPISODES_PER_THREAD));
  const count = Math.max(1, threads ?? worth);
  if (count === 1)
    return playEpisodes(config, policiesOf(config, without), { episodes, seed, ...(onEpisode && { onEpisode }) });
  const told = Array.from({ length: count }, () => ({ done: 0, successes: 0 }));
  const edge = (i: number) => Math.floor((i * episodes) / count);
  const scores = await Promise.all(
    told.map((_, i) => {
      const shard: EvaluationShard = { config, without, episodes: edge(i + 1) - edge(i), seed: seed + edge(i) };
      return inThread(shard, (progress) => {
        told[i] = progress;
        const sum = told.reduce((a, b) => ({ done: a.done + b.done, successes: a.successes + b.successes }));
        onEpisode?.(sum.done, sum.successes);
      });
    }),
  );
  return scores.flat();
}

function inThread(
  shard: EvaluationShard,
  onProgress: (progress: { done: number; successes: number }) => void,
): Promise<EpisodeScore[]> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(join(packageRoot, 'dist/src/learning/evaluation-thread.js'), { workerData: shard });
    worker.on('message', (message: ShardMessage) => {
      if ('scores' in message) resolve(message.scores);
      else onProgress(message);
    });
    worker.on('error', reject);
    worker.on('exit', (code) => reject(new Error(`the evaluation thread ended with code ${code}`)));
  });
}
