import { ReflexArcError } from '../core/errors.ts';

/** A stretch of a log, s since its first message; both ends belong to it. */
export interface Window {
  readonly fromS: number;
  /** Infinity: to the end. */
  readonly toS: number;
}

export const WHOLE: Window = { fromS: 0, toS: Number.POSITIVE_INFINITY };

export const isWithin = ({ fromS, toS }: Window, atS: number): boolean => atS >= fromS && atS <= toS;

/** @throws ReflexArcError RA_USAGE for a stretch that ends before it begins */
export function windowOf(fromS = WHOLE.fromS, toS = WHOLE.toS): Window {
  if (fromS < toS) return { fromS, toS };
  throw new ReflexArcError('RA_USAGE', { seen: `--from ${fromS} --to ${toS}`, allowed: '--from before --to' });
}

/** @throws ReflexArcError RA_USAGE where the log ends before the stretch begins */
export function requireReached({ fromS }: Window, endS: number): void {
  if (fromS <= endS) return;
  throw new ReflexArcError('RA_USAGE', {
    seen: `--from ${fromS}`,
    allowed: `up to ${endS.toFixed(3)} s, where the log ends`,
  });
}
