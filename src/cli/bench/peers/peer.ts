import type { DenseLayer } from '../../../../policies/kernels/network.ts';
import type { Missing } from '../rows.ts';

/** What every subject of the kernel bench computes: layers on `rows` rows of normalised inputs. */
export interface Problem {
  readonly layers: readonly DenseLayer[];
  readonly rows: number;
  /** `[rows][inputs]`, normalised already: only our own kernels take raw numbers and normalise them themselves. */
  readonly x: Float32Array;
}

/** A subject that is ready to compute one problem. */
export interface Contestant {
  /** One call; `rows` outputs, to be held against those of the others. */
  outputs(): Promise<ArrayLike<number>>;
  /** Runs `calls` calls; microseconds a call. */
  sample(calls: number): Promise<number> | number;
  close(): void | Promise<void>;
}

/** A subject's software: loaded once, then asked for each problem. */
export interface Peer {
  readonly subject: string;
  /** Version and what matters of how it was built. */
  readonly version: string;
  prepare(problem: Problem): Promise<Contestant> | Contestant;
  close(): void;
}

export const isMissing = (v: Peer | Missing): v is Missing => 'why' in v;
