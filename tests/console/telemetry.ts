import type { ConsoleTelemetry } from '../../src/console/telemetry.ts';

/** A picture of an arm 20 mm above its hole, at rest and in order. */
export function telemetry(changes: Partial<ConsoleTelemetry> = {}): ConsoleTelemetry {
  return {
    ...{ timeS: 12.5, mode: 'DISARMED', cause: 'boot_ok', detail: 'boot checks passed', incident: 0, epoch: 3 },
    source: 'none',
    pose: [0.5, 0.01, 0.07, 1, 0, 0, 0],
    setpoint: [0.504, 0.006, 0.066, 1, 0, 0, 0, 2000, 150],
    joints: Array.from({ length: 7 }, (_, i) => ({
      ...{ name: `fr3_joint${i + 1}`, position: 0.3 * i - 1, velocity: 0.02 * i, effort: 3 * i },
      limits: [-2.5, 2.5] as [number, number],
    })),
    wrench: [1, -2, 6, 0, 0.1, 0],
    ...{ force: 6.4, forceSoft: 22, forceLimit: 30, risk: 0.08, riskLow: 0.2, riskHigh: 0.35 },
    ...{ residualFraction: 1, residualScale: 0.3, speedScale: 1 },
    episode: { index: 4, phase: 'running', success: false, violation: false, max_force: 11.2, depth: 0.0031 },
    counts: {
      ...{ episodes: 9, successes: 7, violations: 1, interventions: 2 },
      ...{ ticks: 4210, overruns: 0, sent: 3900, refused: 3 },
    },
    tickUs: { p50: 41, p99: 96, max: 812 },
    loopMs: { p50: 0.9, p99: 2.2, max: 9.1 },
    link: { up: true, epoch: 1, faults: [] },
    ros: { dropped: 0, refused: 0, turnedAway: 0 },
    brain: { up: true, ageMs: 22 },
    robot: { holding: false, reason: '' },
    log: {
      path: 'logs/reflexarc_2026-01-31T120509.042Z_peg.mcap',
      bytes: 4_210_000,
      files: 1,
      dropped: 0,
      incidents: 0,
      unwritten: 0,
    },
    memoryMb: { observer: 74 },
    target: { estimate: [0.501, 0.012, 0.05], referenceLimit: 0.01 },
    ...changes,
  };
}

export const transition = (from: string, to: string, changes: object = {}) =>
  ({
    ...{ atNs: 1, from, to, cause: 'operator', detail: '', value: 0, limit: 0, incident: 0, epoch: 1 },
    ...changes,
  }) as never;
