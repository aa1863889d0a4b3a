/**
 * The risk critic fitted by temporal differences to recorded fast transitions: `RiskCriticLearner` with the aim as the action, and the aim
 * of the tick after as what the policy does next. Off the data it is pessimistic: an aim that was never tried is not
 * called safe.
 */
import { readNetwork } from '../../policies/kernels/network.ts';
import { readSafetensors, writeSafetensors } from '../../policies/kernels/safetensors.ts';
import type { Parts } from './checkpoint.ts';
import type { Course } from './course.ts';
import type { Step, Transition } from './environment.ts';
import { persistentCounters } from './learner.ts';
import { RISK_CRITIC_DEFAULTS, RiskCriticLearner } from './risk-critic.ts';
import type { RiskData } from './risk-data.ts';
import { normalisationOf } from './trainable.ts';

export interface DifferencesOptions {
  seed: number;
  updates: number;
  hidden: readonly number[];
  batch: number;
  /** γ of a tick. */
  gamma: number;
  /** Numbers at the end of a row that are the aim. */
  aim: number;
  /** α, see risk-critic.ts. */
  pessimism: number;
}

/** Share of each batch from ticks with a violation: they are rare. */
const VIOLATIONS = 0.05;
const RATE = 1e-3;

/** Fits the rows `training` of `data`, whole episodes of it; a step is an update. */
export class DifferencesFit implements Course {
  done = 0;
  readonly of: number;
  readonly figures = { loss: Number.NaN };
  readonly normalisation: { mean: number[]; std: number[] };
  readonly #learner: RiskCriticLearner;

  constructor(data: RiskData, training: readonly number[], options: DifferencesOptions) {
    const { aim, updates } = options;
    this.of = updates;
    const observationSize = data.rows[0]!.length - aim;
    const normalisation = normalised(data, training, aim);
    this.normalisation = normalisation;
    const scaled = (row: Float64Array) =>
      row.map((v, i) => {
        const z = (v - normalisation.mean[i]!) / normalisation.std[i]!;
        return i < observationSize ? z : Math.max(-1, Math.min(1, z));
      });
    this.#learner = new RiskCriticLearner(
      { observationSize, actionSize: aim, baseSize: aim },
      {
        ...{ ...RISK_CRITIC_DEFAULTS, seed: options.seed, hidden: options.hidden, batch: options.batch, rate: RATE },
        ...{ capacity: training.length, gamma: options.gamma, costlyShare: VIOLATIONS, pessimism: options.pessimism },
      },
    );
    for (const transition of transitionsOf(data, training, scaled, observationSize)) this.#learner.observe(transition);
  }

  step(): void {
    this.#learner.learn(asRecorded);
    this.figures.loss = this.#learner.loss;
    this.done++;
  }

  parts(): Parts {
    const counters = persistentCounters(
      () => ({ done: this.done, loss: this.figures.loss }),
      (n) => {
        this.done = n.done as number;
        // JSON has no NaN.
        this.figures.loss = (n.loss as number | null) ?? Number.NaN;
      },
    );
    return { ...this.#learner.parts('critic'), counters };
  }

  /** Bytes of a .safetensors file. The learner saw scaled rows; the kernel in the gate scales those that it is given. */
  export(): Uint8Array {
    const { metadata, tensors } = readSafetensors(this.#learner.export({}), 'critic');
    const { description } = readNetwork({ metadata, tensors }, 'critic');
    const network = JSON.stringify({ ...description, normalisation: this.normalisation });
    return writeSafetensors({ metadata: { ...metadata, network }, tensors });
  }

  dispose(): void {}
}

/** What the policy does next is what was done: π is whoever made the data, roughened, not the task policy that Recovery RL asks. */
const asRecorded = ({ base }: Step, out: Float64Array) => out.set(base);

/** State standardised; each number of the aim from [−1, 1] at the ends of what was tried, as actions are elsewhere. */
function normalised(data: RiskData, training: readonly number[], aim: number) {
  const { mean, std } = normalisationOf(training.map((i) => data.rows[i]!));
  for (let k = mean.length - aim; k < mean.length; k++) {
    let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const i of training) {
      least = Math.min(least, data.rows[i]![k]!);
      most = Math.max(most, data.rows[i]![k]!);
    }
    mean[k] = (least + most) / 2;
    std[k] = Math.max(1e-3, (most - least) / 2);
  }
  return { mean, std };
}

/** Each tick with the one after it; the last of an episode has no danger behind it where that ended for good, else itself. */
function* transitionsOf(
  data: RiskData,
  training: readonly number[],
  scaled: (row: Float64Array) => Float64Array,
  observationSize: number,
): Generator<Transition> {
  let after: Float64Array | null = null;
  let episode = -1;
  // Rows of an episode lie newest first.
  for (const i of training) {
    if (data.episode[i] !== episode) after = null;
    episode = data.episode[i]!;
    const row = scaled(data.rows[i]!);
    const next = after ?? row;
    const action = row.subarray(observationSize);
    yield {
      ...{ observation: row.subarray(0, observationSize), base: action, proposed: action, executed: action },
      ...{ nextObservation: next.subarray(0, observationSize), nextBase: next.subarray(observationSize) },
      ...{ reward: 0, cost: data.violated[i] ? 1 : 0, intervened: 'none' },
      ...{
        terminated: after === null && data.terminated[episode]!,
        truncated: after === null && !data.terminated[episode]!,
      },
    };
    after = row;
  }
}
