import { type Numbers, type Parts, readCheckpoint, writeCheckpoint } from './checkpoint.ts';
import type { Agent, Environment, EpisodeResult, Step } from './environment.ts';
import { stepsToSuccess } from './judging/steps-to-success.ts';
import { type Learner, persistentCounters } from './learner.ts';

/** Training episodes that a mean goes over. */
const RECENT = 20;

export interface TrainerOptions {
  /** Decisions of training, those of the warm-up included. */
  steps: number;
  /** Episode e of training has the seed `seed·10⁶ + e`. */
  seed: number;
  /** Decisions between evaluations; 0: only at the end. */
  evaluateEvery: number;
  evaluationEpisodes: number;
  /** The same episodes in each evaluation: seeds from here on, disjoint from those of training. */
  evaluationSeed: number;
  /** Asked between episodes. */
  stopped?(): boolean;
  onEpisode?(state: TrainingState): void;
  onEvaluation?(evaluation: EvaluationPoint): void;
}

/** How far a training is. */
export interface TrainingState {
  steps: number;
  episodes: number;
  /** Means over the last 20 episodes of training. */
  return: number;
  success: number;
  cost: number;
  figures: Readonly<Record<string, number>>;
  /** The learner's, where it has something to say. */
  note?: string;
}

/** A point of the learning curve: episodes without exploration. */
export interface EvaluationPoint {
  steps: number;
  episodes: number;
  return_mean: number;
  return_std: number;
  success_rate: number;
  violation_rate: number;
  cost_mean: number;
  steps_mean: number;
  /** Mean over the episodes that succeeded; null without one. */
  steps_to_success: number | null;
  interventions: number;
}

/**
 * The loop around a learner: episode after episode, evaluations at even distances, stop and resume between two episodes, where
 * the environment has no state that a checkpoint would have to hold. Same options, same bits, stopped or not.
 */
export class Trainer {
  readonly #environment: Environment;
  readonly #evaluation: Environment;
  readonly #learner: Learner;
  readonly #options: TrainerOptions;
  #episodes = 0;
  #evaluations = 0;
  #recent: { return: number; success: number; cost: number }[] = [];

  /** `evaluation`: another instance of the environment, so that evaluating changes nothing. */
  constructor(environment: Environment, evaluation: Environment, learner: Learner, options: TrainerOptions) {
    this.#environment = environment;
    this.#evaluation = evaluation;
    this.#learner = learner;
    this.#options = options;
  }

  /** Trains to the end, or until it is told to stop. Answers whether it came to the end. */
  run(): boolean {
    const { steps, evaluateEvery, stopped, onEpisode } = this.#options;
    while (this.#learner.steps < steps) {
      if (stopped?.() === true) return false;
      const result = this.#environment.episode(this.#options.seed * 1_000_000 + this.#episodes, this.#learner);
      this.#episodes++;
      this.#remember(result);
      onEpisode?.(this.state());
      if (evaluateEvery > 0 && this.#learner.steps >= evaluateEvery * (this.#evaluations + 1)) this.evaluate();
    }
    return true;
  }

  /** Episodes without exploration and learning; tells and returns what came of them. */
  evaluate(): EvaluationPoint {
    const { evaluationEpisodes, evaluationSeed, evaluateEvery, onEvaluation } = this.#options;
    const point = this.play(evaluationEpisodes, evaluationSeed);
    this.#evaluations = evaluateEvery > 0 ? Math.floor(point.steps / evaluateEvery) : 0;
    onEvaluation?.(point);
    return point;
  }

  /** What the policy does now, on episodes of these seeds; changes nothing. */
  play(episodes: number, seed: number): EvaluationPoint {
    const learner = this.#learner;
    const agent: Agent = { act: (step: Step, out: Float64Array) => learner.exploit(step, out) };
    const results = Array.from({ length: episodes }, (_, i) => this.#evaluation.episode(seed + i, agent));
    return { ...summary(results), steps: learner.steps };
  }

  state(): TrainingState {
    const mean = (of: 'return' | 'success' | 'cost') =>
      this.#recent.reduce((s, r) => s + r[of], 0) / Math.max(1, this.#recent.length);
    const { steps, figures, note } = this.#learner;
    return {
      ...{ steps, episodes: this.#episodes, figures, ...(note && { note }) },
      ...{ return: mean('return'), success: mean('success'), cost: mean('cost') },
    };
  }

  /** Everything that is needed to go on, as a file. */
  save(about: Record<string, string> = {}): Uint8Array {
    return writeCheckpoint(this.#parts(), about);
  }

  /** @throws ReflexArcError RA_WEIGHTS_UNREADABLE; Error where the file is of other options */
  restore(bytes: Uint8Array, file: string): Readonly<Record<string, string>> {
    return readCheckpoint(bytes, this.#parts(), file);
  }

  #remember({ return: sum, success, cost }: EpisodeResult): void {
    this.#recent.push({ return: sum, success: success ? 1 : 0, cost });
    if (this.#recent.length > RECENT) this.#recent.shift();
  }

  #parts(): Parts {
    const read = (): Numbers => ({
      ...{ episodes: this.#episodes, evaluations: this.#evaluations },
      returns: this.#recent.map((r) => r.return),
      successes: this.#recent.map((r) => r.success),
      costs: this.#recent.map((r) => r.cost),
    });
    const write = (n: Numbers): void => {
      this.#episodes = n.episodes as number;
      this.#evaluations = n.evaluations as number;
      const [returns, successes, costs] = [n.returns, n.successes, n.costs] as [number[], number[], number[]];
      this.#recent = returns.map((sum, i) => ({ return: sum, success: successes[i]!, cost: costs[i]! }));
    };
    return { ...this.#learner.parts(), trainer: persistentCounters(read, write) };
  }
}

/** Means over episodes; the standard deviation is that of single episodes (n − 1). */
export function summary(results: readonly EpisodeResult[]): Omit<EvaluationPoint, 'steps'> {
  const n = results.length;
  const mean = (of: (r: EpisodeResult) => number) => results.reduce((s, r) => s + of(r), 0) / n;
  const return_mean = mean((r) => r.return);
  const squares = results.reduce((s, r) => s + (r.return - return_mean) ** 2, 0);
  return {
    ...{ episodes: n, return_mean, return_std: Math.sqrt(squares / Math.max(1, n - 1)) },
    success_rate: mean((r) => (r.success ? 1 : 0)),
    violation_rate: mean((r) => (r.violation ? 1 : 0)),
    cost_mean: mean((r) => r.cost),
    steps_mean: mean((r) => r.steps),
    steps_to_success: stepsToSuccess(results),
    interventions: results.reduce((s, r) => s + r.interventions, 0),
  };
}
