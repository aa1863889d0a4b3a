import type { LadderTransition } from '../../src/core/signals.ts';
import { type InputCounters, makeInputCounters } from './inputs.ts';
import { isEngaged } from './ladder.ts';

/** Counts since the start of the process. */
export interface GateCounters extends InputCounters {
  ticks: number;
  /** Commands that the gate let out. */
  commands: number;
  /** Rising edges of everything that took authority from the policy: the sum of interventionsBy. */
  interventions: number;
  /** Rising edges by cause: `attenuated`, `base_alone`, and the cause of each recovery and stop. */
  readonly interventionsBy: Record<string, number>;
  criticInvalid: number;
  conflicts: number;
  refusedSends: number;
  postCheckFailures: number;
  /** Ticks more than two periods after the one before. */
  overruns: number;
  /** Commands of others that were seen on the command topic. */
  foreignCommands: number;
  /** Questions to the guard; those that it answered with a breach, too late, or not at all; and the longest, µs. */
  guardChecks: number;
  guardForeseen: number;
  guardOverruns: number;
  guardFailures: number;
  guardWorstUs: number;
}

export const makeGateCounters = (): GateCounters => ({
  ...makeInputCounters(),
  ticks: 0,
  commands: 0,
  interventions: 0,
  interventionsBy: {},
  criticInvalid: 0,
  conflicts: 0,
  refusedSends: 0,
  postCheckFailures: 0,
  overruns: 0,
  foreignCommands: 0,
  guardChecks: 0,
  guardForeseen: 0,
  guardOverruns: 0,
  guardFailures: 0,
  guardWorstUs: 0,
});

/** Acts of the operator: they end authority, but are no interventions of the gate. */
const OPERATOR_CAUSES = ['disengage', 'operator_stop', 'estop'];

/** Ticks without a cut after which an attenuation is over: a critic that hovers at its threshold is one intervention. */
const QUIET_TICKS = 10;

/** Told of the rising edge of everything that takes authority from the policy. */
export type Begins = (cause: string, by: 'gate' | 'person') => void;

/** Counts interventions: rising edges only, so that a long attenuation is one. */
export class Interventions {
  readonly #counters: GateCounters;
  readonly #begins: Begins;
  #quiet = QUIET_TICKS;

  constructor(counters: GateCounters, begins: Begins = () => {}) {
    this.#counters = counters;
    this.#begins = begins;
  }

  /** A person took over: the policy loses its authority, but not to the gate. */
  person(): void {
    this.#begins('takeover', 'person');
  }

  /** The critic left `fraction` of the residual in this tick. */
  attenuated(fraction: number): void {
    // REAL-TIME: each tick of the policy; a rising edge may allocate its counter once.
    if (!(fraction < 1)) this.#quiet++;
    else {
      if (this.#quiet >= QUIET_TICKS) this.#count(fraction === 0 ? 'base_alone' : 'attenuated');
      this.#quiet = 0;
    }
  }

  /** The ladder took authority away, unless the operator did. */
  transition({ from, to, cause }: LadderTransition): void {
    if (to === 'ENGAGING') this.#quiet = QUIET_TICKS;
    if (!isEngaged(from) || isEngaged(to) !== (to === 'RECOVERY')) return;
    if (!OPERATOR_CAUSES.includes(cause)) this.#count(cause);
  }

  #count(cause: string): void {
    this.#counters.interventions++;
    this.#counters.interventionsBy[cause] = (this.#counters.interventionsBy[cause] ?? 0) + 1;
    this.#begins(cause, 'gate');
  }
}

/** What a guard did, for a summary. */
export const guardSummary = (c: GateCounters) => ({
  checks: c.guardChecks,
  foreseen: c.guardForeseen,
  overruns: c.guardOverruns,
  failures: c.guardFailures,
  worst_us: c.guardWorstUs,
});
