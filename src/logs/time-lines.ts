/** Time lines of a report: one number a point, NaN where there is none. */
export interface TimeLines {
  atS: number[];
  tick: number[];
  risk: number[];
  force: number[];
  residual: number[];
  /** Index into `modes`. */
  mode: number[];
  modes: string[];
  computeUs: number[];
  /** One line for each element of a setpoint: what the source wanted, and what was sent. */
  aim: number[][];
  setpoint: number[][];
}

/** Lines to draw beside them; null where there is none. */
export interface Limits {
  riskLow: number | null;
  riskHigh: number | null;
  forceSoft: number | null;
  forceLimit: number | null;
}
