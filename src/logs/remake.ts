import { RecedingHorizon } from '../../controllers/chunks/receding-horizon.ts';
import type { BasePolicy, ResidualPolicy } from '../../policies/policy.ts';
import type { RunConfig } from '../core/config-schema.ts';
import type { Decision } from '../core/signals.ts';
import { Decider } from '../pipeline/decide.ts';
import type { LoggedDecision } from './topics.ts';

/**
 * Makes the decisions of a log again, from the observations in it: the same chunks of the base, the same residual. A new
 * brain begins anew, and so does a new command epoch; where decisions are missing between, where the chunk stood is not known
 * until then.
 */
export class DecisionMaker {
  readonly #config: RunConfig;
  readonly #base: BasePolicy;
  readonly #residual: ResidualPolicy;
  readonly #loggedScale: number;
  #decider: Decider;
  #seq = 0;
  #epoch = Number.NaN;
  #known = true;

  /** @param loggedScale `policies.residual.scale` of the log's own run; the operator's share is kept under another one */
  constructor(config: RunConfig, base: BasePolicy, residual: ResidualPolicy, loggedScale: number) {
    this.#config = config;
    this.#loggedScale = loggedScale;
    this.#base = base;
    this.#residual = residual;
    this.#decider = this.#begin();
  }

  #begin(): Decider {
    const { policies, safety } = this.#config;
    const { actionSize, horizon } = this.#base;
    return new Decider({
      base: this.#base,
      residual: this.#residual,
      executor: new RecedingHorizon(actionSize, horizon, policies.base.execute_steps),
      residualScale: policies.residual.scale,
      lifetimeNs: safety.decision_age_ms * 1e6,
    });
  }

  #scaleOf({ residual_scale }: LoggedDecision): number {
    const { scale } = this.#config.policies.residual;
    if (scale === this.#loggedScale) return residual_scale;
    const operator = this.#loggedScale === 0 ? 1 : residual_scale / this.#loggedScale;
    return scale * operator;
  }

  /** The decision made again; null when it cannot be known. Reused: copy what you keep. */
  make(logged: LoggedDecision): Decision | null {
    const epoch = Number(logged.epoch);
    if (logged.seq <= this.#seq) {
      this.#decider = this.#begin();
      this.#known = logged.seq === 1;
    } else if (logged.seq !== this.#seq + 1) this.#known = false;
    else if (epoch !== this.#epoch) this.#known = true;
    this.#seq = logged.seq;
    this.#epoch = epoch;
    this.#decider.residualScale = this.#scaleOf(logged);
    const { sec, nanosec } = logged.observation_stamp;
    const made = this.#decider.decide(
      {
        seq: logged.observation_seq,
        stampNs: sec * 1e9 + nanosec,
        receivedNs: 0,
        base: logged.observation_base,
        residual: logged.observation_residual,
      },
      epoch,
    );
    return this.#known ? made : null;
  }
}
