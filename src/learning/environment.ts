/**
 * The contract of tasks and agents. A task *calls* the agent, one decision after the other, because the peg task runs the
 * pipeline and the gate, where a policy is called; an environment that is stepped instead becomes such a task by
 * `episodeOf` (environments/stepped.ts).
 *
 * Actions are in [-1, 1]. Seeded: the same seed and the same agent give the same bits. What is handed over is reused by
 * the next decision: copy what you keep.
 */
export interface Environment {
  readonly name: string;
  readonly observationSize: number;
  readonly actionSize: number;
  /** Numbers of the frozen base's action in each step: `actionSize`, or 0 where there is no base. */
  readonly baseSize: number;
  /** Decisions after which an episode is truncated. */
  readonly horizon: number;
  /** One whole episode. All its chance comes from `seed`; the agent has its own. */
  episode(seed: number, agent: Agent): EpisodeResult;
  dispose?(): void;
}

/** What an agent is asked about. */
export interface Step {
  readonly observation: Float64Array;
  /** What the frozen base would do here; empty where there is none. */
  readonly base: Float64Array;
}

export interface Agent {
  /**
   * Writes the proposed action into `out`: the *whole* action, base and residual together. An agent that writes the base
   * there has changed nothing, bit for bit.
   */
  act(step: Step, out: Float64Array): void;
  /** What came of it, after each decision, in order. */
  observe?(transition: Transition): void;
}

/** Who acted in place of the agent, wholly or in part. */
export type Intervention = 'none' | 'safety' | 'human';

export interface Transition {
  readonly observation: Float64Array;
  readonly base: Float64Array;
  /** What the agent wanted, clamped to [-1, 1]. */
  readonly proposed: Float64Array;
  /** What was done, in the same units: after the safety layer, or a person. */
  readonly executed: Float64Array;
  readonly reward: number;
  /** 1 where a limit of the task was broken in this step, else 0. */
  readonly cost: number;
  readonly nextObservation: Float64Array;
  readonly nextBase: Float64Array;
  /** The episode ended in a state without a future: success, violation, fall. Its value is its reward. */
  readonly terminated: boolean;
  /** The episode was cut short (time, operator): the state had a future. */
  readonly truncated: boolean;
  readonly intervened: Intervention;
}

export interface EpisodeResult {
  readonly seed: number;
  /** Decisions. */
  readonly steps: number;
  /** Sum of rewards, undiscounted. */
  readonly return: number;
  /** Sum of costs. */
  readonly cost: number;
  readonly success: boolean;
  readonly violation: boolean;
  /** Decisions in which somebody else acted. */
  readonly interventions: number;
  /** How it ended, in the task's word. */
  readonly ended: string;
}

/** An environment in the form of the field's benchmarks: reset, then step after step. */
export interface SteppedEnvironment {
  readonly name: string;
  readonly observationSize: number;
  readonly actionSize: number;
  readonly horizon: number;
  /** A new episode; writes its first observation. */
  reset(seed: number, observation: Float64Array): void;
  /** One decision, `action` in [-1, 1]; writes the observation after it. The result is reused by the next call. */
  step(action: Float64Array, observation: Float64Array): StepResult;
  dispose?(): void;
}

export interface StepResult {
  readonly reward: number;
  readonly cost: number;
  /** No future: counts as the end of the episode. The horizon is not its business. */
  readonly terminated: boolean;
  readonly success: boolean;
}

/** A frozen policy that acts below the agent. Writes an action in [-1, 1]. */
export type FrozenBase = (observation: Float64Array, out: Float64Array) => void;

/** A safety layer around a stepped environment: may replace `proposed` by what it writes into `executed`. */
export interface Shield {
  /** Answers whether it did. `executed` holds `proposed` at the call. */
  judge(step: Step, proposed: Float64Array, executed: Float64Array): boolean;
}
