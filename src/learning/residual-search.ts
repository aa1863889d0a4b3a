/**
 * A linear residual learned from reward alone, by the cross-entropy method (Rubinstein 1999): the smallest thing that
 * lifts the base, and a floor for the residual RL that comes with the learning issue.
 *
 *   r = tanh(W [observation; base action] + b),  with x and y treated alike (the task has that symmetry)
 *
 * Eight numbers: lateral correction from offset, lateral force and tilting moment (with the peg half over the hole the
 * centre of pressure lies on the far side), and vertical correction and stiffness from the normal force.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PegWorld } from '../../bridges/mujoco/world.ts';
import { Mlp } from '../../policies/kernels/mlp.ts';
import { type NetworkDescription, readNetwork } from '../../policies/kernels/network.ts';
import { readSafetensors, writeSafetensors } from '../../policies/kernels/safetensors.ts';
import type { BasePolicy, ResidualPolicy } from '../../policies/policy.ts';
import type { RunConfig } from '../core/config-schema.ts';
import { ReflexArcError } from '../core/errors.ts';
import { SeededRandom } from '../core/random.ts';
import { worldOf } from '../core/task-world.ts';
import { InProcessRun } from '../pipeline/in-process.ts';
import { compileObservation } from '../pipeline/observation/compile.ts';
import { ACTION_SIZE, carefree } from './demonstrations.ts';

export interface SearchOptions {
  out: string;
  seed: number;
  generations: number;
  population: number;
  elites: number;
  /** Episodes a candidate is judged on; the same seeds for all candidates of a generation. */
  episodes: number;
  /** Episodes done, of all; the best candidate's score and the elites' mean of the last whole generation. */
  onProgress(progress: { done: number; of: number; best: number; mean: number }): void;
  signal?: AbortSignal;
}

export const SEARCH_DEFAULTS = { seed: 1, generations: 8, population: 14, elites: 4, episodes: 12 } as const;

const PARAMETERS = 8;
/** Offset, force and torque: the search knows what each of them is for. */
const OBSERVATION_SIZE = 9;
const INPUTS = OBSERVATION_SIZE + ACTION_SIZE;

/** Rows of the input: offset xyz, force xyz, torque xyz, base action. Writes the file's bytes. */
export function linearResidual(p: ArrayLike<number>): Uint8Array {
  const weight = new Float32Array(INPUTS * ACTION_SIZE);
  const bias = new Float32Array(ACTION_SIZE);
  const set = (input: number, output: number, v: number) => {
    weight[input * ACTION_SIZE + output] = v;
  };
  for (const axis of [0, 1]) {
    set(axis, axis, p[0]!);
    set(3 + axis, axis, p[1]!);
    // A moment about y tilts along x, one about x along −y.
    set(6 + (1 - axis), axis, axis === 0 ? p[2]! : -p[2]!);
  }
  set(5, 2, p[3]!);
  bias[2] = p[4]!;
  set(5, 3, p[5]!);
  bias[3] = p[6]!;
  set(2, 2, p[7]!);
  const description: NetworkDescription = {
    inputs: INPUTS,
    outputs: ACTION_SIZE,
    heads: 1,
    layers: [{ units: ACTION_SIZE, activation: 'tanh', layer_norm: false }],
    normalisation: { mean: new Array(INPUTS).fill(0), std: new Array(INPUTS).fill(1) },
  };
  return writeSafetensors({
    metadata: { kind: 'residual', network: JSON.stringify(description) },
    tensors: new Map([
      ['layer0.weight', { shape: [INPUTS, ACTION_SIZE], data: weight }],
      ['layer0.bias', { shape: [ACTION_SIZE], data: bias }],
    ]),
  });
}

function policyOf(bytes: Uint8Array): ResidualPolicy {
  const mlp = new Mlp(readNetwork(readSafetensors(bytes, 'candidate'), 'candidate'));
  const input = new Float64Array(INPUTS);
  return {
    observationSize: OBSERVATION_SIZE,
    actionSize: ACTION_SIZE,
    sha256: '',
    infer(observation, base, out) {
      input.set(observation, 0);
      input.set(base, OBSERVATION_SIZE);
      mlp.forward(input, 0, out, 0);
    },
  };
}

/** Success is 1, a violation costs a half, time a little, so that faster wins among equals. */
const scoreOf = (e: { success: boolean; violation: boolean; duration_s: number }) =>
  (e.success ? 1 : 0) - (e.violation ? 0.5 : 0) - 0.02 * e.duration_s;

export async function searchResidual(config: RunConfig, base: BasePolicy, options: SearchOptions) {
  const { residualSize } = compileObservation(config.robot, config.task);
  if (residualSize !== OBSERVATION_SIZE)
    throw new ReflexArcError('RA_CONFIG_INVALID', {
      seen: `task.observation.residual: ${residualSize} numbers`,
      allowed: `the ${OBSERVATION_SIZE} that this search knows: offset, force and torque of the tip`,
    });
  const random = new SeededRandom(options.seed).fork('residual-search');
  const world = await PegWorld.load(config.robot, config.task, worldOf(config.task).model);
  let decisions = 0;
  let judged = 0;
  let best = Number.NaN;
  let score = Number.NaN;
  const all = options.generations * options.population;
  const told = () =>
    options.onProgress({ done: judged * options.episodes, of: all * options.episodes, best, mean: score });
  const judge = (p: Float64Array, seeds: readonly number[]): number => {
    const residual = policyOf(linearResidual(p));
    const run = new InProcessRun({ config, world, base, residual, critic: carefree });
    run.decided$.subscribe(() => decisions++);
    let sum = 0;
    for (const seed of seeds) sum += scoreOf(run.episode(seed).episode);
    judged++;
    return sum / seeds.length;
  };
  let mean = new Float64Array(PARAMETERS);
  let spread = new Float64Array(PARAMETERS).fill(1);
  let done = 0;
  for (let g = 0; g < options.generations; g++) {
    const seeds = Array.from({ length: options.episodes }, () => 1_000_000 + random.integer(1_000_000));
    const candidates: { p: Float64Array; score: number }[] = [];
    for (let i = 0; i < options.population && !options.signal?.aborted; i++) {
      // The mean itself competes, so that a good generation is not lost to a lucky one.
      const p = mean.map((m, k) => (i === 0 ? m : m + spread[k]! * random.normal()));
      candidates.push({ p, score: judge(p, seeds) });
      told();
      await new Promise((resolve) => setImmediate(resolve));
    }
    // A generation that was not judged whole teaches nothing.
    if (candidates.length < options.population) break;
    candidates.sort((a, b) => b.score - a.score);
    const elites = candidates.slice(0, options.elites);
    mean = mean.map((_, k) => elites.reduce((s, c) => s + c.p[k]!, 0) / elites.length);
    spread = spread.map((s, k) => {
      const sd = Math.sqrt(elites.reduce((t, c) => t + (c.p[k]! - mean[k]!) ** 2, 0) / elites.length);
      return 0.3 * s + 0.7 * sd + 0.02;
    });
    score = elites.reduce((s, c) => s + c.score, 0) / elites.length;
    best = candidates[0]!.score;
    done = g + 1;
  }
  world.dispose();
  const bytes = linearResidual(mean);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const file = join(options.out, 'residual.safetensors');
  mkdirSync(options.out, { recursive: true });
  writeFileSync(file, bytes);
  const { seed, generations, population, elites, episodes } = options;
  const manifest = {
    kind: 'residual',
    made_by: `reflexarc train residual --seed ${seed} --generations ${generations} --episodes ${episodes}`,
    method: 'cross-entropy search of a linear residual (src/learning/residual-search.ts), reward only',
    data: `${decisions} decisions in the in-process world, base ${base.sha256}`,
    file: 'residual.safetensors',
    sha256,
    seed,
    settings: { generations: done, population, elites, episodes, scale: config.policies.residual.scale },
    parameters: Array.from(mean),
    score,
  };
  writeFileSync(join(options.out, 'residual.manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  return { file, sha256, score, generations: done, decisions, parameters: Array.from(mean) };
}
