import { describe, expect, it } from 'vitest';
import { Mlp } from '../../policies/kernels/mlp.ts';
import { readNetwork } from '../../policies/kernels/network.ts';
import { readSafetensors } from '../../policies/kernels/safetensors.ts';
import { SeededRandom } from '../../src/core/random.ts';
import { type Actor, DeterministicActor, GaussianActor, Temperature } from '../../src/learning/actors.ts';
import { TrainingKernel } from '../../src/learning/numerics/kernel.ts';

const SHAPE = { inputs: 3, actions: 2, rows: 4 };
const OPTIONS = { hidden: [16], layerNorm: true, lastGain: 1, rate: 1e-3 };

function inputs(kernel: TrainingKernel) {
  const random = new SeededRandom(4);
  const x = kernel.matrix(4, 3);
  for (let r = 0; r < 4; r++) for (let i = 0; i < 3; i++) x.set(r, i, random.normal());
  return x;
}

describe.each([
  ['deterministic', DeterministicActor],
  ['Gaussian', GaussianActor],
] as const)('a %s actor', (_, Kind) => {
  it('is exported as the mean that it acts by', () => {
    const kernel = new TrainingKernel();
    const actor: Actor = new Kind(kernel, SHAPE, OPTIONS, new SeededRandom(1));
    const normalisation = { mean: [1, -1, 0], std: [2, 0.5, 1] };
    const mlp = new Mlp(readNetwork(readSafetensors(actor.export({}, normalisation), 'f'), 'f'));
    const one = kernel.matrix(1, 3);
    const raw = Float64Array.of(0.3, -0.7, 1.1);
    raw.forEach((v, i) => {
      one.set(0, i, (v - normalisation.mean[i]!) / normalisation.std[i]!);
    });
    const [ours, theirs] = [new Float64Array(2), new Float64Array(2)];
    actor.mean(one, ours);
    mlp.forward(raw, 0, theirs, 0);
    for (let i = 0; i < 2; i++) expect(Math.abs(ours[i]! - theirs[i]!)).toBeLessThan(1e-5);
  });

  it('learns the action whose slope is zero', () => {
    const kernel = new TrainingKernel();
    const actor: Actor = new Kind(kernel, SHAPE, { ...OPTIONS, rate: 3e-3 }, new SeededRandom(1));
    const x = inputs(kernel);
    const slope = kernel.matrix(4, 2);
    const random = new SeededRandom(2);
    const wanted = [0.5, -0.25];
    for (let k = 0; k < 4000; k++) {
      actor.sample(x, 4, random, false);
      for (let r = 0; r < 4; r++) {
        for (let i = 0; i < 2; i++) slope.set(r, i, (2 * (actor.actions.get(r, i) - wanted[i]!)) / 4);
      }
      actor.learn(x, 4, slope, 0, 0);
      actor.follow(0.05);
    }
    const one = kernel.matrix(1, 3);
    one.data.set(x.data.subarray(0, 3));
    const out = new Float64Array(2);
    actor.mean(one, out);
    for (let i = 0; i < 2; i++) expect(Math.abs(out[i]! - wanted[i]!)).toBeLessThan(0.05);
  });

  it('with a last gain of zero begins by doing nothing', () => {
    const kernel = new TrainingKernel();
    const out = new Float64Array(2).fill(7);
    new Kind(kernel, SHAPE, { ...OPTIONS, lastGain: 0 }, new SeededRandom(1)).mean(inputs(kernel), out);
    expect(Array.from(out)).toEqual([0, 0]);
  });
});

describe('an average of the weights', () => {
  it('is what is exploited and exported, and goes to the actor by its share in each update', () => {
    const kernel = new TrainingKernel();
    const shape = { inputs: 1, actions: 1, rows: 1 };
    const options = { ...OPTIONS, hidden: [], lastGain: 0, averaging: 0.5 };
    const actor = new DeterministicActor(kernel, shape, options, new SeededRandom(1));
    // Weight and bias 1: tanh 1 for an input of 0. The slow copy for the targets would have gone a hundredth of the way.
    const { parameters } = actor.parts('a').a!.arrays;
    parameters!.fill(1);
    const one = kernel.matrix(1, 1);
    const out = new Float64Array(1);
    const exploited = () => {
      actor.mean(one, out);
      return out[0]!;
    };
    expect(exploited()).toBe(0);
    actor.follow(0.01);
    expect(exploited()).toBeCloseTo(Math.tanh(0.5), 6);
    actor.follow(0.01);
    expect(exploited()).toBeCloseTo(Math.tanh(0.75), 6);
    const mlp = new Mlp(readNetwork(readSafetensors(actor.export({}, { mean: [0], std: [1] }), 'f'), 'f'));
    mlp.forward(Float64Array.of(0), 0, out, 0);
    expect(out[0]).toBeCloseTo(Math.tanh(0.75), 5);
  });
});

describe('a tanh-Gaussian', () => {
  /** Both numbers of the last layer by hand: the mean's bias, and that of the squashed log σ. */
  function fixed(mean: number, raw: number) {
    const kernel = new TrainingKernel();
    const shape = { inputs: 1, actions: 1, rows: 1 };
    const actor = new GaussianActor(
      kernel,
      shape,
      { ...OPTIONS, hidden: [], lastGain: 0, rate: 0 },
      new SeededRandom(1),
    );
    const part = actor.parts('a').a!;
    // Inputs × padded units, then the biases.
    part.arrays.parameters!.set([mean, raw], 8);
    return { actor, kernel, x: kernel.matrix(1, 1) };
  }

  it('has the log-probability of the change of variables, by hand', () => {
    const { actor, x } = fixed(0.3, 0.2);
    const epsilon = new SeededRandom(9).normal();
    actor.sample(x, 1, new SeededRandom(9));
    const logStd = -5 + 3.5 * (Math.tanh(0.2) + 1);
    const action = Math.tanh(0.3 + Math.exp(logStd) * epsilon);
    expect(actor.actions.get(0, 0)).toBeCloseTo(action, 6);
    const normal = -0.5 * epsilon ** 2 - logStd - 0.5 * Math.log(2 * Math.PI);
    expect(actor.logProbability[0]).toBeCloseTo(normal - Math.log(1 - action ** 2), 4);
  });

  it('has the gradient that finite differences say, of Q-part and entropy together', () => {
    const alpha = 0.3;
    const loss = (mean: number, raw: number): number => {
      const { actor, x } = fixed(mean, raw);
      actor.sample(x, 1, new SeededRandom(9));
      return 0.7 * actor.actions.get(0, 0) ** 2 + alpha * actor.logProbability[0]!;
    };
    for (const [mean, raw] of [
      [0.3, 0.2],
      [-1, -0.4],
      [0.1, 0.6],
    ] as const) {
      const { actor, kernel, x } = fixed(mean, raw);
      actor.sample(x, 1, new SeededRandom(9));
      const slope = kernel.matrix(1, 1);
      slope.set(0, 0, 1.4 * actor.actions.get(0, 0));
      actor.learn(x, 1, slope, 0, alpha);
      // A first step of Adam holds a tenth of the gradient in its mean.
      const gradient = actor.adam.mean;
      const h = 1e-3;
      const dMean = (loss(mean + h, raw) - loss(mean - h, raw)) / (2 * h);
      const dRaw = (loss(mean, raw + h) - loss(mean, raw - h)) / (2 * h);
      expect(10 * gradient[8]!).toBeCloseTo(dMean, 2);
      expect(10 * gradient[9]!).toBeCloseTo(dRaw, 2);
    }
  });
});

describe('the temperature', () => {
  it('falls while there is more entropy than wanted, and rises while there is less', () => {
    const falling = new Temperature(1, -2, 0.01);
    falling.learn(Float64Array.of(-5, -1), 2);
    // Entropy 3, wanted −2; Adam's first step is the rate.
    expect(falling.logAlpha).toBeCloseTo(-0.01, 8);
    const rising = new Temperature(1, -2, 0.01);
    rising.learn(Float64Array.of(4, 4), 2);
    expect(rising.logAlpha).toBeCloseTo(0.01, 8);
  });
});
