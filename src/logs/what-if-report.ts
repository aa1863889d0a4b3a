import { readLog } from '../../bridges/mcap/reader.ts';
import { configOfLog } from './log-config.ts';
import { rounded, Thinned } from './thinned.ts';
import { type WhatIf, whatIf } from './what-if.ts';
import { type Asked, type TwoLines, whatIfPage } from './what-if-page.ts';
import type { WhatIfTick } from './what-if-tick.ts';
import type { Window } from './window.ts';

/**
 * A counterfactual as one HTML page that needs nothing from elsewhere. Of a long log the time lines keep those ticks of their
 * neighbours in which the two are furthest apart; the counts are of all.
 * @throws ReflexArcError as whatIf
 */
export async function whatIfReport(
  paths: readonly string[],
  sets: readonly string[],
  window?: Window,
): Promise<{ result: WhatIf; html: string }> {
  const points = new Thinned<Point>(badness);
  const result = await whatIf(paths, sets, (tick) => points.add(pointOf(tick)), window);
  const { logged, config } = await configOfLog(paths[0]!, sets);
  const asked: Asked = {
    ...{ run: logged.name, began: await beganAt(paths[0]!), paths, sets },
    risk: { was: logged.safety.risk, would: config.safety.risk },
  };
  return { result, html: whatIfPage(result, twoLines(points.points), asked) };
}

/** Wall time of the first message, ISO 8601. */
async function beganAt(path: string): Promise<string> {
  for await (const { logTimeNs } of readLog(path)) return new Date(Number(logTimeNs / 1_000_000n)).toISOString();
  return '';
}

interface Point {
  atS: number;
  seq: number;
  force: number;
  distance: number;
  different: boolean;
  was: One;
  would: One;
}

interface One {
  mode: string;
  risk: number;
  residual: number;
  setpoint: Float64Array;
}

/** The records are the gates' own, and rewritten: what is kept is copied. */
function pointOf({ atS, was, would, distance, residual, different }: WhatIfTick): Point {
  const one = (of: 'was' | 'would'): One => {
    const r = of === 'was' ? was : would;
    return { mode: r.mode, risk: r.risk, residual: residual[of], setpoint: r.setpoint.slice() };
  };
  return { atS, seq: was.seq, force: was.force, distance, different, was: one('was'), would: one('would') };
}

/** Another mode before setpoints that are far apart before any risk. */
const badness = (p: Point) =>
  (p.was.mode === p.would.mode ? 0 : 1000) +
  (p.different ? 1 : 0) +
  (Number.isNaN(p.distance) ? 0 : 100 * p.distance) +
  Math.max(p.was.risk || 0, p.would.risk || 0);

function twoLines(points: readonly Point[]): TwoLines {
  const modes = [...new Set(points.flatMap((p) => [p.was.mode, p.would.mode]))];
  const size = Math.max(0, ...points.slice(0, 1).map((p) => p.was.setpoint.length));
  const both = (of: (one: One) => number): [number[], number[]] => [
    points.map((p) => rounded(of(p.was))),
    points.map((p) => rounded(of(p.would))),
  ];
  return {
    ...{ atS: points.map((p) => Number(p.atS.toFixed(4))), tick: points.map((p) => p.seq), modes },
    mode: both((one) => modes.indexOf(one.mode)),
    risk: both((one) => one.risk),
    residual: both((one) => one.residual),
    force: points.map((p) => rounded(p.force)),
    distance: points.map((p) => rounded(p.distance)),
    setpoint: Array.from({ length: size }, (_, i) => both((one) => one.setpoint[i]!)),
  };
}
