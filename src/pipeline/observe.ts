import type { Observation, RobotState } from '../core/signals.ts';

/**
 * RobotState and task target → Observation, for the peg task's features.
 *
 * The base sees the tip relative to the *estimated* target only; residual and critic also feel the wrench. A base that
 * sees the wrench learns the correction from the demonstrations and leaves nothing for a residual.
 */
export const BASE_OBSERVATION_SIZE = 3;
export const RESIDUAL_OBSERVATION_SIZE = 9;

/** Scales that bring the features of this task to about 1: 20 mm, 20 N, 2 Nm. */
const PER_METRE = 50;
const PER_NEWTON = 1 / 20;
const PER_NEWTON_METRE = 1 / 2;

export class Observer {
  readonly #observation: { -readonly [K in keyof Observation]: Observation[K] } = {
    seq: 0,
    stampNs: 0,
    receivedNs: 0,
    base: new Float64Array(BASE_OBSERVATION_SIZE),
    residual: new Float64Array(RESIDUAL_OBSERVATION_SIZE),
  };

  /** `target`: pose of the task target as estimated, base frame. The object is reused: copy what you keep. */
  observe(state: RobotState, target: Float64Array): Observation {
    const o = this.#observation;
    o.seq = state.seq;
    o.stampNs = state.stampNs;
    o.receivedNs = state.receivedNs;
    for (let i = 0; i < 3; i++) {
      o.base[i] = (state.pose[i]! - target[i]!) * PER_METRE;
      o.residual[i] = o.base[i]!;
      o.residual[3 + i] = state.wrench[i]! * PER_NEWTON;
      o.residual[6 + i] = state.wrench[3 + i]! * PER_NEWTON_METRE;
    }
    return o;
  }
}

/**
 * When a decision is due: at the first state of each decision period of the *source's* time. A pure function of the
 * stamp, so that brain, reflex and replay agree on it without talking.
 */
export function decisionIndex(stampNs: number, decisionHz: number): number {
  return Math.floor((stampNs * decisionHz) / 1e9 + 1e-6);
}
