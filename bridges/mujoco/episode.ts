/** Depth that counts as inserted, m below the mouth of the hole. */
const SUCCESS_DEPTH = 0.02;
/** Sideways distance from the hole's axis beyond which a low tip is beside the fixture, not in the hole, m. */
const SUCCESS_SIDE = 0.01;
/** Workspace around the estimate, m: leaving it is a violation. */
const WORKSPACE_SIDE = 0.06;
const WORKSPACE_ABOVE = 0.12;

export type Phase = 'running' | 'success' | 'timeout';

/**
 * The task's own score of one episode, step by step. Force, workspace and depth count at every physics step; the time
 * limit counts only the time in which the robot follows commands. An episode that has ended keeps its result.
 */
export class EpisodeScore {
  phase: Phase = 'running';
  violation = false;
  /** Largest filtered force norm, N. */
  maxForce = 0;
  /** Largest depth of the tip below the mouth of the hole, m. */
  depth = 0;
  runningNs = 0;
  readonly #violationForce: number;
  readonly #timeoutNs: number;

  constructor(violationForce: number, timeoutNs: number) {
    this.#violationForce = violationForce;
    this.#timeoutNs = timeoutNs;
  }

  restart(): void {
    this.phase = 'running';
    this.violation = false;
    this.maxForce = 0;
    this.depth = 0;
    this.runningNs = 0;
  }

  /** `followingNs`: time since the last step if the robot follows commands, 0 while it holds by its own decision. */
  step(tip: Float64Array, hole: Float64Array, estimate: Float64Array, force: number, followingNs: number): void {
    if (this.phase !== 'running') return;
    this.runningNs += followingNs;
    if (force > this.maxForce) this.maxForce = force;
    const depth = hole[2]! - tip[2]!;
    if (depth > this.depth) this.depth = depth;
    const outside = sideways(tip, estimate) > WORKSPACE_SIDE || tip[2]! - estimate[2]! > WORKSPACE_ABOVE;
    if (force > this.#violationForce || outside) this.violation = true;
    if (depth > SUCCESS_DEPTH && sideways(tip, hole) < SUCCESS_SIDE) this.phase = 'success';
    else if (this.runningNs >= this.#timeoutNs) this.phase = 'timeout';
  }
}

/** Larger of the two horizontal distances. */
function sideways(a: Float64Array, b: Float64Array): number {
  return Math.max(Math.abs(a[0]! - b[0]!), Math.abs(a[1]! - b[1]!));
}
