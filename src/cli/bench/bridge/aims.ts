import { type Outcome, type Row, rounded } from '../rows.ts';

/** What the bridge promises of itself, and where it is read. */
export interface Aim {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** One of the two: reached at the bound itself. */
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** A relay of ours takes at most so many times what one takes that looks at nothing. */
export const RELAY_RATIO = 1.5;
/** Messages a second. */
export const OUT = 30_000;
export const RECEIVED = 100_000;

/**
 * Each aim with whether it is reached. A run that is shorter than the one that the claim is of (`claimed` false) is a
 * look, and never fails.
 */
export function judge(aims: readonly Aim[], claimed: boolean): Required<Pick<Outcome, 'notes' | 'failed'>> {
  const missed = aims.filter((aim) => !isReached(aim));
  const notes = aims.map((aim) => {
    const { what, value, unit, atMost, atLeast } = aim;
    const bound = atMost === undefined ? `at least ${atLeast}` : `at most ${atMost}`;
    return `${what}: ${rounded(value)} ${unit}, aim ${bound}: ${missed.includes(aim) ? 'NOT REACHED' : 'reached'}`;
  });
  return { notes, failed: claimed && missed.length > 0 };
}

/** NaN reaches nothing. */
const isReached = ({ value, atMost = Number.POSITIVE_INFINITY, atLeast = Number.NEGATIVE_INFINITY }: Aim): boolean =>
  value <= atMost && value >= atLeast;

/** Medians of `ours` in a case by those of the peer in the same case; NaN where there is no such row. */
export function ratio(rows: readonly Row[], name: string, peer: string): number {
  return medianOf(rows, name, 'ours') / medianOf(rows, name, peer);
}

export const medianOf = (rows: readonly Row[], name: string, subject: string): number =>
  rows.find((row) => row.case === name && row.subject === subject)?.p50 ?? Number.NaN;
