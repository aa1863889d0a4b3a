import { logMetadata } from '../../bridges/mcap/reader.ts';
import { inspectLog, type LogSummary } from './inspect.ts';
import { reportPage } from './report-page.ts';
import { rounded, Thinned } from './thinned.ts';
import type { Limits, TimeLines } from './time-lines.ts';
import { type LoggedTick, TOPIC } from './topics.ts';

/**
 * The report of a log as one HTML page that needs nothing from elsewhere. Where the log has more ticks than a time line has
 * points, those with the largest risk and force of their neighbours are kept, so that no peak is lost.
 */
export async function reportOf(paths: readonly string[]): Promise<{ summary: LogSummary; html: string }> {
  const ticks = new Thinned<Point>(badness);
  let safety: Record<string, unknown> = {};
  const summary = await inspectLog(paths, ({ atS, topic, message }) => {
    if (topic === TOPIC.tick) ticks.add({ atS, tick: message as unknown as LoggedTick });
  });
  const run = (await logMetadata(paths[0]!)).config?.run;
  if (run !== undefined) safety = (JSON.parse(run) as { safety: Record<string, unknown> }).safety;
  return { summary, html: reportPage(summary, timeLines(ticks.points), limitsOf(safety)) };
}

function limitsOf(safety: Record<string, unknown>): Limits {
  const number = (v: unknown) => (typeof v === 'number' ? v : null);
  const risk = (safety.risk ?? {}) as Record<string, unknown>;
  return {
    riskLow: number(risk.low),
    riskHigh: number(risk.high),
    forceSoft: number(safety.force_soft),
    forceLimit: number(safety.force_limit),
  };
}

interface Point {
  atS: number;
  tick: LoggedTick;
}

function timeLines(points: readonly Point[]): TimeLines {
  const modes = [...new Set(points.map((p) => p.tick.mode))];
  const size = Math.max(0, ...points.map((p) => p.tick.setpoint.length));
  const each = (of: (t: LoggedTick) => number) => points.map((p) => rounded(of(p.tick)));
  const elements = (of: (t: LoggedTick) => Float64Array) =>
    Array.from({ length: size }, (_, i) => each((t) => of(t)[i] ?? Number.NaN));
  return {
    atS: points.map((p) => Number(p.atS.toFixed(4))),
    tick: points.map((p) => p.tick.seq),
    risk: each((t) => t.risk),
    force: each((t) => t.force),
    residual: each((t) => (t.source === 'policy' ? t.residual_fraction : Number.NaN)),
    mode: points.map((p) => modes.indexOf(p.tick.mode)),
    modes,
    computeUs: each((t) => t.compute_us),
    aim: elements((t) => t.aim),
    setpoint: elements((t) => t.setpoint),
  };
}

/** A stop before a large risk before a large force. */
const badness = ({ tick }: Point) =>
  (tick.cause === '' ? 0 : 1000) + (Number.isNaN(tick.risk) ? 0 : 100 * tick.risk) + tick.force;
