/**
 * The risk critic, trained a little: P(the force limit is broken soon | state, aim), on *fast* transitions.
 *
 *   y = γ_fast^(ticks to the violation), 0 when none follows ;  γ_fast = γ^(1/ratio), ratio = ticks a decision
 *
 * This is the Monte-Carlo return of the risk Bellman equation Q = c + (1−c)·γ·E[Q'] (Recovery RL, Thananjeyan 2021) on
 * the behaviour that made the data. Two sigmoid heads from different starts; the larger counts. Data: the policies
 * themselves and rougher versions of them (more stiffness, more noise), with the gate's force rules out of the way, so
 * that there are violations to learn from.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PegWorld } from '../../bridges/mujoco/world.ts';
import { commandInterface } from '../../controllers/interfaces/index.ts';
import { Mlp } from '../../policies/kernels/mlp.ts';
import { type NetworkDescription, readNetwork } from '../../policies/kernels/network.ts';
import { readSafetensors } from '../../policies/kernels/safetensors.ts';
import type { BasePolicy, ResidualPolicy } from '../../policies/policy.ts';
import type { RunConfig } from '../core/config-schema.ts';
import { type Random, SeededRandom } from '../core/random.ts';
import { makeRobotState } from '../core/signals.ts';
import { worldOf } from '../core/task-world.ts';
import { InProcessRun } from '../pipeline/in-process.ts';
import { carefree } from './demonstrations.ts';
import { withoutForceRules } from './environments/peg.ts';
import { startTensorflow, tf } from './tensorflow.ts';
import { normalisationOf, normalised, TrainableNetwork } from './trainable.ts';

export interface RiskOptions {
  out: string;
  seed: number;
  /** Episodes to collect; one in five is held out. */
  episodes: number;
  epochs: number;
  /** Discount of danger per decision: 0.8 looks about five decisions ahead. */
  gamma: number;
  onProgress(progress: { phase: string; done: number; of: number; loss: number }): void;
  /** Abort ends early and saves what there is. */
  signal?: AbortSignal;
}

export const RISK_DEFAULTS = { seed: 1, episodes: 300, epochs: 12, gamma: 0.8 } as const;

const HIDDEN = 64;
const BATCH = 256;
/** What is called a violation in training, as a share of the limit: to see danger before it is one. */
const VIOLATION_SHARE = 0.93;

export interface RiskData {
  rows: Float64Array[];
  labels: number[];
  /** Index of the episode that each row came from. */
  episode: number[];
  violations: number;
}

/** Rough episodes through the pipeline, with the gate's force rules moved out of the way. */
export async function collectRisk(
  config: RunConfig,
  base: BasePolicy,
  residual: ResidualPolicy,
  options: Pick<RiskOptions, 'seed' | 'episodes' | 'gamma' | 'onProgress' | 'signal'>,
): Promise<RiskData> {
  const rough = structuredClone(config);
  withoutForceRules(rough);
  const limit = VIOLATION_SHARE * config.safety.force_limit;
  const gammaFast = options.gamma ** (config.task.decision_hz / worldOf(config.task).state_hz);
  const random = new SeededRandom(options.seed).fork('risk');
  const world = await PegWorld.load(config.robot, config.task, worldOf(config.task).model);
  const state = makeRobotState(config.robot.joints.length);
  const kinematics = commandInterface(config.robot);
  const data: RiskData = { rows: [], labels: [], episode: [], violations: 0 };
  const noisy = roughened(base, residual, random);
  const run = new InProcessRun({ config: rough, world, base: noisy.base, residual: noisy.residual, critic: carefree });
  let rows: Float64Array[] = [];
  let forces: number[] = [];
  run.ticked$.subscribe((record) => {
    if ((record.mode !== 'ACTIVE' && record.mode !== 'ENGAGING') || Number.isNaN(record.aim[0]!)) return;
    world.readState(state);
    const row = new Float64Array(kinematics.riskInputSize);
    kinematics.riskInput(state, world.estimate, record.aim, row, 0);
    rows.push(row);
    forces.push(Math.hypot(state.wrench[0]!, state.wrench[1]!, state.wrench[2]!));
  });
  for (let e = 0; e < options.episodes && !options.signal?.aborted; e++) {
    rows = [];
    forces = [];
    noisy.next();
    run.episode(2_000_000 + options.seed * 10_000 + e);
    let toViolation = Number.POSITIVE_INFINITY;
    for (let t = rows.length - 1; t >= 0; t--) {
      toViolation = forces[t]! > limit ? 0 : toViolation + 1;
      data.rows.push(rows[t]!);
      data.labels.push(toViolation === Number.POSITIVE_INFINITY ? 0 : gammaFast ** toViolation);
      data.episode.push(e);
    }
    if (toViolation !== Number.POSITIVE_INFINITY) data.violations++;
    options.onProgress({ phase: 'episodes', done: e + 1, of: options.episodes, loss: Number.NaN });
    if (e % 10 === 9) await new Promise((resolve) => setImmediate(resolve));
  }
  world.dispose();
  return data;
}

/**
 * The base, episode by episode a little stiffer, faster and noisier than it is, and with the residual or without: the
 * critic is asked about both, since it may cut the residual.
 */
function roughened(base: BasePolicy, residual: ResidualPolicy, random: Random) {
  let noise = 0;
  let stiffer = 0;
  let faster = 1;
  let corrected = true;
  return {
    next(): void {
      const asIs = random.uniform() < 0.3;
      noise = asIs ? 0 : random.range(0, 0.5);
      stiffer = asIs ? 0 : random.range(-0.5, 1);
      faster = asIs ? 1 : random.range(0.8, 1.6);
      corrected = random.uniform() < 0.5;
    },
    residual: {
      ...residual,
      infer(observation, action, out) {
        if (corrected) residual.infer(observation, action, out);
        else out.fill(0);
      },
    } satisfies ResidualPolicy,
    base: {
      ...base,
      infer(observation, chunk) {
        void base.infer(observation, chunk);
        for (let i = 0; i < chunk.length; i++) {
          const axis = i % base.actionSize;
          const v = axis === 3 ? chunk[i]! + stiffer : axis === 2 ? chunk[i]! * faster : chunk[i]!;
          chunk[i] = Math.max(-1, Math.min(1, v + (axis < 3 ? noise * random.normal() : 0)));
        }
      },
    } satisfies BasePolicy,
  };
}

export async function trainRisk(config: RunConfig, base: BasePolicy, residual: ResidualPolicy, options: RiskOptions) {
  const backend = await startTensorflow();
  const random = new SeededRandom(options.seed).fork('risk-training');
  const data = await collectRisk(config, base, residual, options);
  const heldOut = (e: number) => e % 5 === 4;
  const training = data.rows.flatMap((_, i) => (heldOut(data.episode[i]!) ? [] : [i]));
  const validation = data.rows.flatMap((_, i) => (heldOut(data.episode[i]!) ? [i] : []));
  // Danger is rare: each batch is half dangerous rows (label above 0.1), so that it is learned at all.
  const dangerous = training.filter((i) => data.labels[i]! > 0.1);
  const safe = training.filter((i) => data.labels[i]! <= 0.1);
  const normalisation = normalisationOf(training.map((i) => data.rows[i]!));
  const description: NetworkDescription = {
    inputs: data.rows[0]!.length,
    outputs: 1,
    heads: 2,
    layers: [
      { units: HIDDEN, activation: 'relu', layer_norm: false },
      { units: HIDDEN, activation: 'relu', layer_norm: false },
      { units: 1, activation: 'sigmoid', layer_norm: false },
    ],
    normalisation,
  };
  const network = new TrainableNetwork(description, random.fork('init'));
  const optimiser = tf.train.adam(1e-3);
  const steps = options.epochs * Math.ceil(training.length / BATCH / 4);
  // Half of each batch is dangerous; the weights give back the true proportion, so that risk stays a probability.
  const share = dangerous.length / training.length;
  for (let step = 0; step < steps && !options.signal?.aborted; step++) {
    const rows = Array.from({ length: BATCH }, (_, k) =>
      k % 4 === 0 ? dangerous[random.integer(dangerous.length)]! : safe[random.integer(safe.length)]!,
    );
    const loss = tf.tidy(() => {
      const x = normalised(
        rows.map((i) => data.rows[i]!),
        normalisation,
      );
      const y = tf.tensor2d(rows.map((i) => [data.labels[i]!]));
      const w = tf.tensor2d(rows.map((_, k) => [k % 4 === 0 ? share * 4 : ((1 - share) * 4) / 3]));
      const cost = optimiser.minimize(
        () => {
          const losses = [0, 1].map((head) => {
            const p = tf.clipByValue(network.forward(x, head), 1e-6, 1 - 1e-6);
            const entropy = tf.neg(tf.add(tf.mul(y, tf.log(p)), tf.mul(tf.sub(1, y), tf.log(tf.sub(1, p)))));
            return tf.mean(tf.mul(entropy, w));
          });
          return tf.add(losses[0]!, losses[1]!) as tf.Scalar;
        },
        true,
        network.variables,
      );
      return cost?.dataSync()[0] ?? Number.NaN;
    });
    if (step % 50 === 49) {
      options.onProgress({ phase: 'training', done: step + 1, of: steps, loss });
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  const bytes = network.export({ kind: 'critic' });
  network.dispose();
  optimiser.dispose();
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const file = join(options.out, 'critic.safetensors');
  mkdirSync(options.out, { recursive: true });
  writeFileSync(file, bytes);
  const mlp = new Mlp(readNetwork(readSafetensors(bytes, 'critic'), 'critic'));
  const risk = (row: Float64Array) => {
    const out = new Float64Array(2);
    mlp.forward(row, 0, out, 0, 0);
    mlp.forward(row, 0, out, 1, 1);
    return Math.max(out[0]!, out[1]!);
  };
  const judged = validation.map((i) => ({ risk: risk(data.rows[i]!), danger: data.labels[i]! > 0.4 }));
  const score = { auc: auc(judged), rates: rates(judged) };
  const manifest = {
    kind: 'critic',
    made_by: `reflexarc train critic --seed ${options.seed} --episodes ${options.episodes} --epochs ${options.epochs}`,
    method: 'Monte-Carlo risk on fast transitions (src/learning/risk.ts)',
    data: `${data.rows.length} fast transitions of ${options.episodes} episodes, ${data.violations} with a violation, base ${base.sha256}, residual ${residual.sha256}`,
    file: 'critic.safetensors',
    sha256,
    backend,
    seed: options.seed,
    settings: {
      episodes: options.episodes,
      epochs: options.epochs,
      gamma: options.gamma,
      violation_share: VIOLATION_SHARE,
    },
    normalisation,
    score,
  };
  writeFileSync(join(options.out, 'critic.manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  return { file, sha256, violations: data.violations, rows: data.rows.length, ...score };
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
