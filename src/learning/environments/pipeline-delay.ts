import { SeededRandom } from '../../core/random.ts';
import type { SteppedEnvironment, StepResult } from '../environment.ts';

const MAX_FLOW = 200;
/** Cells of the pipe: 100 m at 5 m a step. */
const CELLS = 20;
/** Past outputs and past actions that are seen. */
const HISTORY = 25;
const TARGETS = [50, 80, 110, 140] as const;
const REDRAWN = 0.003;

/**
 * Pipeline of NeoRL-2 (Gao et al. 2025; envs/pipline.py, Apache-2.0), its numbers: a gate feeds a pipe, and what it lets in comes out 20
 * cells later.
 *
 *   gate ← clip(gate + a, 0, 200) ;  out_t = gate_{t−19} ;  r = ((200 − |out − target|)/100)² − 3, of the state after the step
 *
 * The target, one of 50, 80, 110 and 140, is drawn anew with chance 0.003 in each step. Starts full of one flow in [80, 120). With
 * history the observation is `[out, target, 25 outputs before, 25 actions]`, newest first; without, the first two: then what is under
 * way in the pipe is hidden. It never terminates. NeoRL-2 keeps the target over a reset; here each seed draws its own.
 */
export class PipelineDelay implements SteppedEnvironment {
  readonly name: string;
  readonly observationSize: number;
  readonly actionSize = 1;
  readonly horizon = 1000;
  readonly #history: boolean;
  readonly #cells = new Float64Array(CELLS);
  readonly #outputs = new Float64Array(HISTORY + 1);
  readonly #actions = new Float64Array(HISTORY);
  readonly #result = { reward: 0, cost: 0, terminated: false, success: false };
  #random = new SeededRandom(0).fork('pipeline-delay');
  #target = 0;

  constructor({ history }: { history: boolean }) {
    this.#history = history;
    this.name = history ? 'pipeline-delay' : 'pipeline-delay without history';
    this.observationSize = history ? 2 + 2 * HISTORY : 2;
  }

  get target(): number {
    return this.#target;
  }

  reset(seed: number, observation: Float64Array): void {
    this.#random = new SeededRandom(seed).fork('pipeline-delay');
    const flow = this.#random.range(80, 120);
    this.#target = TARGETS[this.#random.integer(TARGETS.length)]!;
    this.#cells.fill(flow);
    this.#outputs.fill(flow);
    this.#actions.fill(0);
    this.#observe(observation);
  }

  step(action: Float64Array, observation: Float64Array): StepResult {
    const a = Math.max(-1, Math.min(1, action[0]!));
    if (this.#random.uniform() < REDRAWN) this.#target = TARGETS[this.#random.integer(TARGETS.length)]!;
    pushFront(this.#cells, Math.max(0, Math.min(MAX_FLOW, this.#cells[0]! + a)));
    pushFront(this.#outputs, this.#cells[CELLS - 1]!);
    pushFront(this.#actions, a);
    this.#observe(observation);
    this.#result.reward = ((MAX_FLOW - Math.abs(this.#outputs[0]! - this.#target)) / 100) ** 2 - 3;
    return this.#result;
  }

  #observe(out: Float64Array): void {
    out[0] = this.#outputs[0]!;
    out[1] = this.#target;
    if (!this.#history) return;
    out.set(this.#outputs.subarray(1), 2);
    out.set(this.#actions, 2 + HISTORY);
  }
}

/** Shifts by one and drops the last. */
function pushFront(values: Float64Array, first: number): void {
  values.copyWithin(1, 0);
  values[0] = first;
}
