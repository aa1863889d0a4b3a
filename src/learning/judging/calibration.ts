import { binomialCdf, upperBound } from './binomial.ts';

/** An episode in which a critic was asked and not heeded. */
export interface ShadowEpisode {
  /** Risk of what was about to be done, tick by tick. */
  readonly risks: readonly number[];
  /** Tick of the first violation; -1 when there was none. */
  readonly violationAt: number;
}

export interface Guarantee {
  /** Share of violations that may go without an alarm. */
  missed: number;
  /** Chance, over the draw of the calibration episodes, that the guarantee holds. */
  confidence: number;
}

export interface Calibration extends Guarantee {
  /** An alarm is risk > threshold. */
  readonly threshold: number;
  /** Violations that it was calibrated on, and those of them that are missed at this threshold. */
  readonly violations: number;
  readonly missedSeen: number;
}

/** Violations that are needed before any threshold can be guaranteed. */
export const violationsNeeded = ({ missed, confidence }: Guarantee): number =>
  Math.ceil(Math.log(1 - confidence) / Math.log(1 - missed));

/**
 * The risk that would have been known in time: the largest, `lead` ticks before the violation and earlier. An alarm that comes
 * later cannot help. −∞ when the violation came before anything was judged so early.
 */
export function warning({ risks, violationAt }: ShadowEpisode, lead: number): number {
  let most = Number.NEGATIVE_INFINITY;
  for (let t = 0; t <= violationAt - lead && t < risks.length; t++) most = Math.max(most, risks[t]!);
  return most;
}

/**
 * The highest threshold at which, with `confidence`, at most a share `missed` of violations goes without an alarm: split conformal calibration in its
 * training-conditional form (Vovk 2012), which is Wilks' one-sided tolerance limit. Of n warnings the (k+1)-th smallest is taken, k the largest with
 * P(Binomial(n, missed) ≤ k) ≤ 1 − confidence. No assumption on the critic; the violations to come must be like those of the
 * calibration: the same policies, task and behaviour.
 *
 * Null when there are too few violations (`violationsNeeded`), or when the critic gave no warning of so many that no threshold helps.
 */
export function calibrate(warnings: readonly number[], guarantee: Guarantee): Calibration | null {
  const { missed, confidence } = guarantee;
  const n = warnings.length;
  let k = -1;
  while (k + 1 < n && binomialCdf(k + 1, n, missed) <= 1 - confidence) k++;
  if (k < 0) return null;
  const sorted = [...warnings].sort((a, b) => a - b);
  const threshold = below(sorted[k]!);
  if (!(threshold >= 0)) return null;
  const missedSeen = sorted.filter((w) => !(w > threshold)).length;
  return { ...guarantee, threshold, violations: n, missedSeen };
}

/** The next number of four decimals below. */
const below = (value: number): number => (Math.ceil(value * 1e4 - 1e-9) - 1) / 1e4;

export interface FalseInterventions {
  readonly episodes: number;
  /** Episodes without a violation in which there would have been an alarm; the share, and its upper bound at 95 %. */
  readonly alarmed: number;
  readonly share: number;
  readonly upper95: number;
  /** Share of their ticks. */
  readonly ticks: number;
}

/** What a threshold costs where nothing happens, e.g. on an expert's episodes. */
export function falseInterventions(episodes: readonly ShadowEpisode[], threshold: number): FalseInterventions {
  const calm = episodes.filter((e) => e.violationAt < 0);
  const alarmed = calm.filter((e) => e.risks.some((r) => r > threshold)).length;
  const ticks = calm.flatMap((e) => e.risks);
  const n = calm.length;
  return {
    episodes: n,
    alarmed,
    share: n === 0 ? Number.NaN : alarmed / n,
    upper95: upperBound(alarmed, n, 0.95),
    ticks: ticks.length === 0 ? Number.NaN : ticks.filter((r) => r > threshold).length / ticks.length,
  };
}

/** What the risk should have been at each tick: γ to the ticks that were left to the violation, 0 without one. */
export function discountedDanger({ risks, violationAt }: ShadowEpisode, gamma: number): number[] {
  return risks.map((_, t) => (violationAt < 0 || t > violationAt ? 0 : gamma ** (violationAt - t)));
}
