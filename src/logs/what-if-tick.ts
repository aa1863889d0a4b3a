import type { TickRecord } from '../../controllers/safety/record.ts';
import type { Refold } from './refold.ts';

/** Bounds of the critic's risk, of one of the two configs. */
export interface RiskBounds {
  readonly low: number;
  /** `low` without it. */
  readonly warn?: number | undefined;
  readonly high: number;
}

/** One tick as it was, and as it would have been. */
export interface WhatIfTick {
  readonly atS: number;
  readonly was: TickRecord;
  readonly would: TickRecord;
  /** Of the two setpoints, in the elements that are compared: m for a pose, rad or rad/s for joints; NaN where one is silent. */
  readonly distance: number;
  /** Norm of the residual that went into the wish, in units of the action; NaN where no policy wrote. */
  readonly residual: { readonly was: number; readonly would: number };
  readonly different: boolean;
}

/** The two gates under the same calls, as a comparison sees them. */
export interface Compared {
  readonly was: Refold;
  readonly would: Refold;
  /** Norms of the residuals of the decisions in force: of the whole of it, before the gate takes its share. */
  residualNorms(): { was: number; would: number };
}
