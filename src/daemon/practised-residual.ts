import type { ResidualPolicy } from '../../policies/policy.ts';
import { mlpResidual } from '../../policies/residual/mlp.ts';
import { clamp } from '../core/geometry.ts';
import { SeededRandom } from '../core/random.ts';
import type { Preparation } from '../practice/actor.ts';

export type { Preparation };

/**
 * The residual of a brain that practises: the config's, or a version that was accepted, with the noise that it explores by. The noise of an
 * episode is a function of the run's seed and the episode's number. What comes out stays in [−1, 1], so that base and residual stay as near
 * to each other as without it; the gate judges it like any other.
 */
export class PractisedResidual implements ResidualPolicy {
  readonly observationSize: number;
  readonly actionSize: number;
  readonly #configured: ResidualPolicy;
  readonly #scale: number;
  readonly #seed: number;
  #policy: ResidualPolicy;
  #noise = { uniform: 0, normal: 0 };
  #random: SeededRandom;

  /** `scale`: what the residual is multiplied by afterwards. */
  constructor(configured: ResidualPolicy, scale: number, seed: number) {
    this.observationSize = configured.observationSize;
    this.actionSize = configured.actionSize;
    this.#configured = configured;
    this.#policy = configured;
    this.#scale = scale;
    this.#seed = seed;
    this.#random = new SeededRandom(seed);
  }

  get sha256(): string {
    return this.#policy.sha256;
  }

  /** For the next episode. Says why not, and leaves all as it was; empty when it is done. */
  prepare({ path, sha256, exploration, episode }: Preparation): string {
    let policy = this.#configured;
    if (path !== '' && sha256 === this.#policy.sha256) policy = this.#policy;
    else if (path !== '') {
      try {
        policy = mlpResidual.create({ type: 'mlp', path, sha256 }, undefined);
      } catch (error) {
        return (error as Error).message;
      }
    }
    const { observationSize: o, actionSize: a } = policy;
    if (o !== this.observationSize || a !== this.actionSize)
      return `weights for ${o} and ${a} numbers; allowed: ${this.observationSize} and ${this.actionSize}`;
    this.#policy = policy;
    this.#noise = exploration;
    this.#random = new SeededRandom(this.#seed).fork('practice').fork(episode);
    return '';
  }

  infer(observation: Float64Array, base: Float64Array, out: Float64Array): void {
    this.#policy.infer(observation, base, out);
    const { uniform, normal } = this.#noise;
    if (uniform === 0 && normal === 0) return;
    for (let i = 0; i < this.actionSize; i++) {
      const noise = normal * clamp(this.#random.normal(), -2, 2) + this.#random.range(-uniform, uniform);
      out[i] = clamp(out[i]! + noise / this.#scale, -1, 1);
    }
  }
}
