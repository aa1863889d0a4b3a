import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readNetwork } from '../../policies/kernels/network.ts';
import { readSafetensors } from '../../policies/kernels/safetensors.ts';
import type { ResidualPolicy } from '../../policies/policy.ts';
import { residualFrom } from '../../policies/residual/mlp.ts';
import { clamp } from '../core/geometry.ts';
import type { Sizes } from './episode.ts';

/** A moment of an episode that nothing was learned from. */
export interface HeldOut {
  readonly observation: Float64Array;
  readonly base: Float64Array;
  /** Risk of an action there, by the run's critic, in [0, 1]; NaN counts as 1. */
  risk(action: Float64Array): number;
}

export interface VettingOptions {
  readonly sizes: Sizes;
  /** Scale of the residual. */
  readonly scale: number;
  /** The residual in use. */
  readonly current: ResidualPolicy;
  /** Fewer held-out moments than so many say nothing: wait. */
  readonly atLeast: number;
  /** Above, a risk counts as high (`safety.risk.high`). */
  readonly high: number;
  /** How much the mean risk, and the share of moments with a high one, may be above those of the residual in use. */
  readonly margin: number;
}

export type Vetted =
  | { readonly why: null; readonly policy: ResidualPolicy; readonly risk: RiskOnHeldOut; readonly now: RiskOnHeldOut }
  /** `waits`: nothing is wrong with them, but there is not enough to judge them by. */
  | { readonly why: string; readonly waits: boolean };

/** Over held-out moments. */
export interface RiskOnHeldOut {
  readonly mean: number;
  readonly high: number;
}

/**
 * Whether weights that a learner sent may act: they are the ones that it names (SHA-256), a network of the right shape with finite
 * weights, its answers finite and in [−1, 1] on what was observed, and by the run's critic not riskier than the residual in use on
 * moments that nobody learned from. `why` is null for those that may.
 */
export function vet(bytes: Uint8Array, sha256: string, heldOut: readonly HeldOut[], options: VettingOptions): Vetted {
  const { sizes, current, atLeast, margin } = options;
  const digest = createHash('sha256').update(bytes).digest('hex');
  if (digest !== sha256) return { waits: false, why: `its SHA-256 is ${digest}, announced was ${sha256}` };
  let policy: ResidualPolicy;
  try {
    policy = residualOf(bytes, sha256, sizes);
  } catch (error) {
    return { waits: false, why: (error as Error).message };
  }
  if (heldOut.length < atLeast)
    return { waits: true, why: `only ${heldOut.length} held-out moments to judge it by; ${atLeast} at least` };
  const out = new Float64Array(sizes.actionSize);
  for (const { observation, base } of heldOut) {
    policy.infer(observation, base, out);
    const beyond = out.find((v) => !(Math.abs(v) <= 1));
    if (beyond !== undefined)
      return { waits: false, why: `it answers ${beyond} to an observation; allowed is [-1, 1]` };
  }
  const [risk, now] = [policy, current].map((p) => riskOf(p, heldOut, options)) as [RiskOnHeldOut, RiskOnHeldOut];
  if (!(risk.mean <= now.mean + margin))
    return {
      waits: false,
      why: `mean risk ${risk.mean.toFixed(4)} on held-out moments; in use: ${now.mean.toFixed(4)}`,
    };
  if (!(risk.high <= now.high + margin))
    return {
      waits: false,
      why: `high risk in ${percent(risk.high)} of held-out moments; in use: ${percent(now.high)}`,
    };
  return { why: null, policy, risk, now };
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

/** Weights that were accepted before, from their file. @throws Error for a file that is another by now */
export function weightsFrom(file: string, sha256: string, sizes: Sizes): ResidualPolicy {
  const bytes = readFileSync(file);
  const digest = createHash('sha256').update(bytes).digest('hex');
  if (digest !== sha256) throw new Error(`${file} has SHA-256 ${digest}; allowed: ${sha256}`);
  return residualOf(bytes, sha256, sizes);
}

/** A residual from bytes. @throws Error for what is no network of these sizes with finite weights */
export function residualOf(bytes: Uint8Array, sha256: string, { observationSize, actionSize }: Sizes): ResidualPolicy {
  const network = readNetwork(readSafetensors(bytes, 'weights'), 'weights');
  const { inputs, outputs, heads } = network.description;
  if (inputs !== observationSize + actionSize || outputs !== actionSize || heads !== 1)
    throw new Error(
      `a network of ${inputs} inputs, ${outputs} outputs and ${heads} heads; allowed: ${observationSize + actionSize}, ${actionSize} and 1`,
    );
  return residualFrom(network, sha256);
}

function riskOf(
  policy: ResidualPolicy,
  heldOut: readonly HeldOut[],
  { sizes, scale, high }: VettingOptions,
): RiskOnHeldOut {
  const action = new Float64Array(sizes.actionSize);
  let [sum, above] = [0, 0];
  for (const { observation, base, risk } of heldOut) {
    policy.infer(observation, base, action);
    for (let i = 0; i < action.length; i++) action[i] = clamp(base[i]! + scale * action[i]!, -1, 1);
    const said = risk(action);
    const value = said >= 0 && said <= 1 ? said : 1;
    sum += value;
    if (value > high) above++;
  }
  return { mean: sum / heldOut.length, high: above / heldOut.length };
}
