import { type Outcome, rounded } from './rows.ts';

/** What a bench promises, and what came of it. */
export interface Aim {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** One of the two, or both: reached at the bound itself. */
  readonly atMost?: number;
  readonly atLeast?: number;
}

/**
 * Each aim with whether it is reached. A run that is shorter than the one that the claim is of (`claimed` false) is a
 * look, and never fails.
 */
export function judge(aims: readonly Aim[], claimed: boolean): Required<Pick<Outcome, 'notes' | 'failed'>> {
  const missed = aims.filter((aim) => !isReached(aim));
  const notes = aims.map((aim) => {
    const { what, value, unit } = aim;
    return `${what}: ${rounded(value)} ${unit}, aim ${bound(aim)}: ${missed.includes(aim) ? 'NOT REACHED' : 'reached'}`;
  });
  return { notes, failed: claimed && missed.length > 0 };
}

function bound({ atMost, atLeast }: Aim): string {
  if (atLeast === undefined) return `at most ${rounded(atMost!)}`;
  return atMost === undefined ? `at least ${rounded(atLeast)}` : `${rounded(atLeast)} to ${rounded(atMost)}`;
}

/** NaN reaches nothing. */
const isReached = ({ value, atMost = Number.POSITIVE_INFINITY, atLeast = Number.NEGATIVE_INFINITY }: Aim): boolean =>
  value <= atMost && value >= atLeast;
