import type { Agent, Shield, Step, Transition } from './environment.ts';

/**
 * Modes of one shield around a task policy:
 *
 *   off      what is proposed is done
 *   filter   SQRL (Srinivasan et al. 2020): the policy is asked again until a candidate's risk is ≤ ε; if none is, the least risky
 *   recover  Recovery RL (Thananjeyan et al. 2021): Q_risk(s, a) > ε → the recovery policy's action
 *   reflex   Bresa: the same at control rate, on the action that is under way and the newest state; once it has fired, the recovery
 *            has the rest of the decision
 */
export const SHIELD_MODES = ['off', 'filter', 'recover', 'reflex'] as const;
export type ShieldMode = (typeof SHIELD_MODES)[number];

/** Candidates of `filter`; Recovery RL's code has 100, the paper says no number. */
const CANDIDATES = 100;
/** Times that a recovery may be asked anew within one decision of `reflex`. */
const REFLEXES = 3;

export interface ShieldParts {
  readonly actionSize: number;
  /** ε */
  readonly threshold: number;
  /** Risks of `count` actions, one after another, at one observation. */
  risks(observation: Float64Array, actions: Float64Array, count: number, out: Float64Array): void;
  /** Another draw of the task policy. */
  draw(step: Step, out: Float64Array): void;
  recover(observation: Float64Array, out: Float64Array): void;
}

/** Counts since the start. */
export interface ShieldCounters {
  judged: number;
  interventions: number;
  /** Not one candidate, or not even the recovery, was below ε: the least risky was done. */
  noSafeCandidate: number;
}

/** The shield of a mode. Fail closed: a risk that is no number counts as 1. */
export class SwitchableShield implements Shield {
  readonly mode: ShieldMode;
  readonly counters: ShieldCounters = { judged: 0, interventions: 0, noSafeCandidate: 0 };
  readonly #parts: ShieldParts;
  readonly #candidates: Float64Array;
  readonly #risks: Float64Array;
  readonly #held: Float64Array;
  /** Reflexes in this decision; while above 0 the recovery has it. */
  #reflexes = 0;

  constructor(mode: ShieldMode, parts: ShieldParts) {
    this.mode = mode;
    this.#parts = parts;
    this.#candidates = new Float64Array(CANDIDATES * parts.actionSize);
    this.#risks = new Float64Array(CANDIDATES);
    this.#held = new Float64Array(parts.actionSize);
  }

  /** A new decision begins: what a reflex took is given back. */
  decide(): void {
    this.#reflexes = 0;
  }

  judge(step: Step, proposed: Float64Array, executed: Float64Array): boolean {
    if (this.mode === 'off') return false;
    this.counters.judged++;
    const changed =
      this.mode === 'reflex' ? this.#reflex(step, proposed, executed) : this.#once(step, proposed, executed);
    if (changed) this.counters.interventions++;
    return changed;
  }

  #once(step: Step, proposed: Float64Array, executed: Float64Array): boolean {
    if (this.#risk(step.observation, proposed) <= this.#parts.threshold) return false;
    if (this.mode === 'filter') {
      this.#resample(step, proposed, executed);
      return true;
    }
    this.#parts.recover(step.observation, executed);
    if (!(this.#risk(step.observation, executed) <= this.#parts.threshold)) this.counters.noSafeCandidate++;
    return true;
  }

  /** Plain rejection: the first candidate below ε is a draw of the policy on condition of being safe. */
  #resample(step: Step, proposed: Float64Array, executed: Float64Array): void {
    const { actionSize: n, threshold } = this.#parts;
    this.#candidates.set(proposed, 0);
    for (let c = 1; c < CANDIDATES; c++) {
      this.#parts.draw(step, this.#held);
      this.#candidates.set(this.#held, c * n);
    }
    this.#evaluate(step.observation, this.#candidates, CANDIDATES);
    let best = 0;
    for (let c = 0; c < CANDIDATES; c++) {
      if (this.#risks[c]! < this.#risks[best]!) best = c;
      if (this.#risks[c]! <= threshold) {
        best = c;
        break;
      }
    }
    if (!(this.#risks[best]! <= threshold)) this.counters.noSafeCandidate++;
    executed.set(this.#candidates.subarray(best * n, (best + 1) * n));
  }

  /**
   * A recovery is judged like anything else, but not without end: after `REFLEXES` of them the one in force is kept, or
   * standing still where that is less risky.
   */
  #reflex(step: Step, proposed: Float64Array, executed: Float64Array): boolean {
    const { threshold } = this.#parts;
    if (this.#reflexes === 0 && this.#risk(step.observation, proposed) <= threshold) return false;
    if (
      this.#reflexes === 0 ||
      (this.#reflexes < REFLEXES && !(this.#risk(step.observation, this.#held) <= threshold))
    ) {
      this.#reflexes++;
      this.#parts.recover(step.observation, this.#held);
    }
    executed.set(this.#held);
    const risk = this.#risk(step.observation, executed);
    if (risk <= threshold) return true;
    this.counters.noSafeCandidate++;
    if (this.#reflexes < REFLEXES) return true;
    executed.fill(0);
    if (!(this.#risk(step.observation, executed) < risk)) executed.set(this.#held);
    return true;
  }

  #risk(observation: Float64Array, action: Float64Array): number {
    this.#evaluate(observation, action, 1);
    return this.#risks[0]!;
  }

  #evaluate(observation: Float64Array, actions: Float64Array, count: number): void {
    this.#risks.fill(Number.NaN, 0, count);
    this.#parts.risks(observation, actions, count, this.#risks);
    for (let c = 0; c < count; c++) if (!(this.#risks[c]! >= 0 && this.#risks[c]! <= 1)) this.#risks[c] = 1;
  }
}

/**
 * An agent that decides once in `ratio` steps of its environment and keeps its action between: the environment runs at control rate. What
 * it observes is whole decisions, with the sum of their rewards and the mean of what was executed; `onStep` hears every step.
 */
export class AtDecisionRate implements Agent {
  readonly #inner: Agent;
  readonly #ratio: number;
  readonly #onDecision: () => void;
  readonly #onStep: (transition: Transition) => void;
  #part = 0;
  #open: { -readonly [K in keyof Transition]: Transition[K] } | null = null;
  #steps = 0;

  constructor(
    inner: Agent,
    ratio: number,
    { onDecision = () => {}, onStep = () => {} }: { onDecision?(): void; onStep?(transition: Transition): void } = {},
  ) {
    this.#inner = inner;
    this.#ratio = ratio;
    this.#onDecision = onDecision;
    this.#onStep = onStep;
  }

  act(step: Step, out: Float64Array): void {
    if (this.#part === 0) {
      this.#onDecision();
      this.#inner.act(step, out);
    } else out.set(this.#open!.proposed);
  }

  observe(t: Transition): void {
    this.#onStep(t);
    if (this.#part === 0) {
      this.#open = { ...structuredClone(t), executed: new Float64Array(t.executed.length), reward: 0, cost: 0 };
      this.#steps = 0;
    }
    const open = this.#open!;
    this.#steps++;
    open.reward += t.reward;
    open.cost = Math.max(open.cost, t.cost);
    for (let i = 0; i < t.executed.length; i++) open.executed[i] = open.executed[i]! + t.executed[i]!;
    if (t.intervened !== 'none') open.intervened = t.intervened;
    this.#part = (this.#part + 1) % this.#ratio;
    const ended = t.terminated || t.truncated;
    if (this.#part !== 0 && !ended) return;
    this.#part = 0;
    for (let i = 0; i < open.executed.length; i++) open.executed[i] = open.executed[i]! / this.#steps;
    open.nextObservation.set(t.nextObservation);
    open.nextBase.set(t.nextBase);
    open.terminated = t.terminated;
    open.truncated = t.truncated;
    this.#inner.observe?.(open);
  }
}
