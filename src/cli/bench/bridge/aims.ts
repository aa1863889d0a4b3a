import type { Row } from '../rows.ts';

/** A relay of ours takes at most so many times what one takes that looks at nothing. */
export const RELAY_RATIO = 1.5;
/** And the p99 of a healthy client beside a frozen one, times that of a healthy one alone: a stall would be hundreds of times it. */
export const FROZEN_TAIL = 5;
/** Messages a second. */
export const OUT = 30_000;
export const RECEIVED = 100_000;

/** Medians of `ours` in a case by those of the peer in the same case; NaN where there is no such row. */
export function ratio(rows: readonly Row[], name: string, peer: string): number {
  return medianOf(rows, name, 'ours') / medianOf(rows, name, peer);
}

export const medianOf = (rows: readonly Row[], name: string, subject: string): number =>
  rows.find((row) => row.case === name && row.subject === subject)?.p50 ?? Number.NaN;

export const tailOf = (rows: readonly Row[], name: string, subject: string): number =>
  rows.find((row) => row.case === name && row.subject === subject)?.p99 ?? Number.NaN;
