/**
 * The risk critic of a run: P(the force limit is broken soon | state, aim), on *fast* transitions, discounted by γ_fast = γ^(1/ratio),
 * ratio = ticks a decision. Q = c + (1 − c)·γ_fast·E[Q'] (Recovery RL, Thananjeyan 2021), fitted in one of two ways to the same
 * data (risk-data.ts), of which one episode in five is held out: by temporal differences with pessimism off the data
 * (risk-differences.ts), or to the Monte-Carlo return (risk-monte-carlo.ts).
 */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Mlp } from '../../policies/kernels/mlp.ts';
import { readNetwork } from '../../policies/kernels/network.ts';
import { readSafetensors } from '../../policies/kernels/safetensors.ts';
import type { BasePolicy, ResidualPolicy } from '../../policies/policy.ts';
import type { RunConfig } from '../core/config-schema.ts';
import { SeededRandom } from '../core/random.ts';
import { courseFolder, follow } from './course.ts';
import { ACTION_SIZE } from './demonstrations.ts';
import { collectRisk, fastDiscountOf, type RiskCollection, type RiskData, VIOLATION_SHARE } from './risk-data.ts';
import { DifferencesFit } from './risk-differences.ts';
import { MonteCarloFit } from './risk-monte-carlo.ts';
import { startTensorflow } from './tensorflow.ts';

export type RiskMethod = 'differences' | 'monte-carlo';

export interface RiskOptions extends RiskCollection {
  /** Weights and manifest go into this folder. */
  out: string;
  /** Folder of the run; none: no record, no checkpoint. */
  run?: string;
  /** Goes on with the checkpoint in `run`, where there is one; see courseFolder. */
  resume?: boolean | 'if the same';
  method: RiskMethod;
  /** Of `monte-carlo`: passes over the data. */
  epochs: number;
  /** Of `differences`: updates, and α. */
  updates: number;
  pessimism: number;
}

/** γ: 0.8 looks about five decisions ahead. */
export const RISK_DEFAULTS = {
  ...{ seed: 1, episodes: 300, gamma: 0.8, method: 'monte-carlo' as RiskMethod },
  ...{ epochs: 12, updates: 10_000, pessimism: 0.01 },
} satisfies Partial<RiskOptions>;

const HIDDEN = [64, 64];
const BATCH = 256;
/** Updates between two words of progress. */
const TOLD_EVERY = 50;
/** A label above it is a danger, where the critic is judged. */
const DANGER = 0.4;

/**
 * Collects, fits and judges; weights and manifest go into `options.out`. Aborted while it fits, it saves what there is. Null, and nothing is
 * written, where it was aborted before there were all its episodes, or they have nothing to tell apart.
 */
export async function trainRisk(config: RunConfig, base: BasePolicy, residual: ResidualPolicy, options: RiskOptions) {
  const { seed, method, signal, onProgress } = options;
  const began = performance.now();
  const data = await collectRisk(config, base, residual, options);
  const heldOut = (e: number) => e % 5 === 4;
  const indices = (held: boolean) => data.rows.flatMap((_, i) => (heldOut(data.episode[i]!) === held ? [i] : []));
  const training = indices(false);
  const nothing = data.violations === 0 || data.violations === data.terminated.length || training.length === 0;
  if (nothing || signal?.aborted) return null;
  const backend = method === 'monte-carlo' ? await startTensorflow() : undefined;
  const by = { ...(backend && { backend }) };
  const course = fitOf(config, data, training, options);
  const how =
    method === 'differences'
      ? `--updates ${options.updates} --pessimism ${options.pessimism}`
      : `--epochs ${options.epochs}`;
  const command = `reflexarc train critic --method ${method} --seed ${seed} --episodes ${options.episodes} ${how}`;
  const pessimism = method === 'differences' ? options.pessimism : undefined;
  const run = courseFolder(
    options.run,
    {
      ...{
        name: 'critic',
        algorithm: `risk, ${method}`,
        task: config.task.name,
        seed,
        steps: course.of,
        command,
        began,
      },
      settings: {
        ...{
          method,
          episodes: options.episodes,
          gamma: options.gamma,
          hidden: HIDDEN,
          batch: BATCH,
          pessimism,
          backend,
        },
        ...{ data: dataDigest(data), base: base.sha256, residual: residual.sha256 },
      },
    },
    options.resume,
  );
  await follow(course, { ...run, signal, onProgress, tellEvery: TOLD_EVERY });
  const { done: steps, normalisation } = course;
  const bytes = course.export();
  course.dispose();
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const file = join(options.out, 'critic.safetensors');
  mkdirSync(options.out, { recursive: true });
  writeFileSync(file, bytes);
  const score = judged(bytes, data, indices(true));
  const episodes = data.terminated.length;
  const manifest = {
    kind: 'critic',
    made_by: command,
    method: `${method === 'differences' ? 'temporal differences' : 'Monte-Carlo risk'} on fast transitions (src/learning/risk.ts)`,
    data: `${data.rows.length} fast transitions of ${episodes} episodes, ${data.violations} with a violation, base ${base.sha256}, residual ${residual.sha256}`,
    ...{ file: 'critic.safetensors', sha256, ...by, seed },
    settings: {
      ...{ method, episodes, steps, gamma: options.gamma, violation_share: VIOLATION_SHARE },
      ...(method === 'differences' ? { pessimism } : { epochs: options.epochs }),
    },
    ...{ complete: steps >= course.of, normalisation, score },
  };
  writeFileSync(join(options.out, 'critic.manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  run.folder?.update({ figures: { ...course.figures, auc: score.auc } });
  const { rows, violations } = data;
  return { file, sha256, episodes, steps, violations, rows: rows.length, ...by, complete: manifest.complete, ...score };
}

function fitOf(config: RunConfig, data: RiskData, training: readonly number[], options: RiskOptions) {
  const { seed, method, epochs, updates, pessimism, gamma } = options;
  const shared = { hidden: HIDDEN, batch: BATCH };
  if (method === 'monte-carlo')
    return new MonteCarloFit(data, training, {
      ...shared,
      epochs,
      random: new SeededRandom(seed).fork('risk-training'),
    });
  return new DifferencesFit(data, training, {
    ...{ ...shared, seed, updates, pessimism, gamma: fastDiscountOf(config, gamma), aim: ACTION_SIZE },
  });
}

/** So that who goes on does so with the same episodes. */
function dataDigest({ rows, labels }: RiskData): string {
  const hash = createHash('sha256').update(Float64Array.from(labels));
  for (const row of rows) hash.update(row);
  return hash.digest('hex');
}

/** What the critic says of the rows `held`, which it has not seen, against what became of them. */
function judged(bytes: Uint8Array, data: RiskData, held: readonly number[]) {
  const mlp = new Mlp(readNetwork(readSafetensors(bytes, 'critic'), 'critic'));
  const out = new Float64Array(mlp.heads);
  const risk = (row: Float64Array) => {
    for (let head = 0; head < mlp.heads; head++) mlp.forward(row, 0, out, head, head);
    return Math.max(...out);
  };
  const rows = held.map((i) => ({ risk: risk(data.rows[i]!), danger: data.labels[i]! > DANGER }));
  return { auc: auc(rows), rates: rates(rows) };
}

/** Area under the ROC curve: the chance that a dangerous row is given more risk than a safe one (Mann–Whitney). */
export function auc(judged: readonly { risk: number; danger: boolean }[]): number {
  const sorted = [...judged].sort((a, b) => a.risk - b.risk);
  let rankSum = 0;
  let dangerous = 0;
  for (let i = 0; i < sorted.length; ) {
    let j = i;
    while (j < sorted.length && sorted[j]!.risk === sorted[i]!.risk) j++;
    // Equal risks share the mean of their ranks.
    for (let k = i; k < j; k++) {
      if (!sorted[k]!.danger) continue;
      rankSum += (i + 1 + j) / 2;
      dangerous++;
    }
    i = j;
  }
  const safe = sorted.length - dangerous;
  return dangerous === 0 || safe === 0
    ? Number.NaN
    : (rankSum - (dangerous * (dangerous + 1)) / 2) / (dangerous * safe);
}

/** Share of dangerous rows that are caught, and of safe rows that are called dangerous, at some thresholds. */
function rates(judged: readonly { risk: number; danger: boolean }[]) {
  const share = (rows: readonly { risk: number }[], threshold: number) =>
    rows.filter((r) => r.risk > threshold).length / Math.max(1, rows.length);
  const dangerous = judged.filter((r) => r.danger);
  const safe = judged.filter((r) => !r.danger);
  return [0.2, 0.35, 0.5, 0.65, 0.8].map((threshold) => ({
    threshold,
    caught: share(dangerous, threshold),
    false_alarms: share(safe, threshold),
  }));
}
