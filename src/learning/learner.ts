import type { Numbers, Parts, Persistent } from './checkpoint.ts';
import type { Agent, Step, Transition } from './environment.ts';

/** An algorithm: an agent that explores, and learns within `observe`. */
export interface Learner extends Agent {
  /** Decisions observed. */
  readonly steps: number;
  /** Losses and the like, of the newest update; NaN before the first. For the progress line and the curve. */
  readonly figures: Readonly<Record<string, number>>;
  /** What holds it now, or what let it go, for a person: told when it changes. Empty or absent: nothing to say. */
  readonly note?: string;
  /** What it would do without exploration. Deterministic, changes nothing. */
  exploit(step: Step, out: Float64Array): void;
  /** What it expects of an action there, by its reward: the mean of its critics. Changes nothing. */
  value(step: Step, action: Float64Array): number;
  observe(transition: Transition): void;
  /** All that has to be kept to go on with the same bits, between two steps. */
  parts(): Parts;
  /** Bytes of a .safetensors file of its policy, for `policies/`. */
  export(metadata: Record<string, string>): Uint8Array;
}

export function persistentCounters(read: () => Numbers, write: (numbers: Numbers) => void): Persistent {
  return {
    arrays: {},
    get numbers() {
      return read();
    },
    set numbers(n) {
      write(n);
    },
  };
}
