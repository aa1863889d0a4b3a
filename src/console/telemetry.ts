import type { Mode, Source } from '../core/signals.ts';

interface Quantiles {
  p50: number;
  p99: number;
  max: number;
}

/** What the operator's page shows: one complete picture, sent about twenty times a second. SI units unless named. */
export interface ConsoleTelemetry {
  /** Seconds since the daemon's observer started. */
  timeS: number;
  mode: Mode;
  /** Code and sentence of the last change of mode. */
  cause: string;
  detail: string;
  incident: number;
  epoch: number;
  source: Source;
  /** Tip `[x y z qx qy qz qw]` and setpoint `[x y z qx qy qz qw kt kr]`; empty before the first. */
  pose: number[];
  setpoint: number[];
  joints: { name: string; position: number; velocity: number; effort: number; limits: [number, number] }[];
  wrench: number[];
  force: number;
  forceSoft: number;
  forceLimit: number;
  risk: number;
  riskLow: number;
  riskHigh: number;
  residualFraction: number;
  residualScale: number;
  speedScale: number;
  episode: { index: number; phase: string; success: boolean; violation: boolean; max_force: number; depth: number };
  counts: {
    episodes: number;
    successes: number;
    violations: number;
    interventions: number;
    ticks: number;
    overruns: number;
    sent: number;
    refused: number;
  };
  tickUs: Quantiles;
  loopMs: Quantiles;
  /** `faults`: what stands against the robot's bridge, a sentence each. */
  link: { up: boolean; epoch: number; faults: string[] };
  /** Messages that others did not get, operations refused and clients turned away, since the observer began. */
  ros: { dropped: number; refused: number; turnedAway: number };
  brain: { up: boolean; ageMs: number };
  robot: { holding: boolean; reason: string };
  /** `path` is empty without a log; `incidents` of the black box, null without one, `unwritten` of them without a file. */
  log: {
    path: string;
    bytes: number;
    files: number;
    dropped: number;
    incidents: number | null;
    unwritten: number;
  };
  memoryMb: Record<string, number>;
  /** Estimated target, m; half width of the box that the setpoint keeps around the tip, m. */
  target: { estimate: number[]; referenceLimit: number };
}
