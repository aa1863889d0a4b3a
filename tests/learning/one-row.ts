import type { Parts } from '../../src/learning/checkpoint.ts';
import type { Transition } from '../../src/learning/environment.ts';
import type { Learner } from '../../src/learning/learner.ts';

/**
 * What makes a learner a calculation by hand: networks of one linear layer that stay as they are, a buffer and a batch of one row, γ 0.9.
 * An observation, an action and a base's action are one number each.
 */
export const ONE_ROW = {
  ...{ hidden: [], heads: 2, subset: 2, layerNorm: false, actorLayerNorm: false, rate: 0, actorRate: 0 },
  ...{ decay: 0, clip: 0, tau: 0, batch: 1, capacity: 1, learningStarts: 1, updates: 1, nStep: 1, gamma: 0.9 },
};
export const SIZES = { observationSize: 1, actionSize: 1, baseSize: 1 };

/** From 0.1 to 0.5 by 0.6 with a reward of 2; the base says 0.2, then 0.5. */
export const transition = (over: Partial<Transition> = {}): Transition => ({
  ...{ observation: Float64Array.of(0.1), base: Float64Array.of(0.2), proposed: Float64Array.of(0.6) },
  ...{ executed: Float64Array.of(0.6), nextObservation: Float64Array.of(0.5), nextBase: Float64Array.of(0.5) },
  ...{ reward: 2, cost: 0, terminated: false, truncated: false, intervened: 'none' },
  ...over,
});

/** Units of a layer lie eight apart. */
const WIDTH = 8;
type Vector = 'parameters' | 'target' | 'mean';

const vectorOf = (parts: Parts, part: string, vector: Vector): Float32Array => parts[part]!.arrays[vector]!;

/** Writes one head after the other: its rows are the weights of each input and then the biases, each with a number a unit. */
export function set(learner: Learner, part: string, vector: Vector, heads: readonly (readonly number[][])[]): void {
  const data = vectorOf(learner.parts(), part, vector);
  data.fill(0);
  heads.flat().forEach((units, row) => {
    data.set(units, row * WIDTH);
  });
}

/** A critic of (observation, action): o·observation + a·action + bias. */
export const critic = (o: number, a: number, bias: number): number[][] => [[o], [a], [bias]];

/**
 * Two target critics: 2o + 2a, which is 2a + 1 at the observation after, and 3 − a; so their lesser changes at a = 2/3. Those that learn
 * say 0.
 */
export function twoTargets(learner: Learner, [first, second] = [critic(2, 2, 0), critic(0, -1, 3)] as const): void {
  set(learner, 'critics', 'parameters', [critic(0, 0, 0), critic(0, 0, 0)]);
  set(learner, 'critics', 'target', [first, second]);
}

/** Gradient of row `row` of the first head in the one update that `learn` makes: Adam's mean holds a tenth of it. */
export function gradient(learner: Learner, part: string, row: number, learn: () => void): number[] {
  const mean = vectorOf(learner.parts(), part, 'mean');
  mean.fill(0);
  learn();
  return Array.from(mean.subarray(row * WIDTH, (row + 1) * WIDTH), (v) => 10 * v);
}

/** The target y that a critic which says 0 learns from `of`: its bias has the gradient 2·(0 − y). */
export function targetOf(learner: Learner, of: Transition): number {
  return gradient(learner, 'critics', 2, () => learner.observe!(of))[0]! / -2;
}
