import { CLIPPED } from '../../controllers/safety/envelope.ts';
import type { TickRecord } from '../../controllers/safety/record.ts';
import type { Refold } from './refold.ts';
import type { Compared, RiskBounds, WhatIfTick } from './what-if-tick.ts';

/** `ACTIVE, policy, residual 0.37, risk 0.41: critic` */
export function doing(r: TickRecord): string {
  const residual = r.source === 'policy' ? `, residual ${r.residualFraction.toFixed(2)}` : '';
  const risk = Number.isNaN(r.risk) ? '' : `, risk ${r.risk.toFixed(2)}`;
  return `${r.mode}, ${r.source}${residual}${risk}${r.cause === '' ? '' : `: ${r.cause} ${r.value.toPrecision(3)} (limit ${r.limit.toPrecision(3)})`}`;
}

/**
 * In words, what parted the two in a tick in which they differ. Told in the order of the data: ladder, source, decision,
 * critic, filter; the first that differs is the cause of those after it.
 */
export function whyDifferent(
  { was, would, distance, residual }: WhatIfTick,
  pair: Compared,
  norms: { readonly was: number; readonly would: number },
  bounds: { readonly was: RiskBounds; readonly would: RiskBounds },
): string {
  const parts: string[] = [];
  if (was.mode !== would.mode) parts.push(`the ladder ${led(pair.would, would)}; in the log it ${led(pair.was, was)}`);
  else if (was.source !== would.source) parts.push(`${writes(would)}; in the log ${writes(was)}`);
  if (was.source === 'policy' && would.source === 'policy') parts.push(...decided(was, would, norms, residual, bounds));
  if (parts.length === 0) parts.push(...filtered(was, would));
  if (distance > 0) parts.push(`the two setpoints are ${distance.toPrecision(3)} apart`);
  return parts.join('; ');
}

const writes = ({ source }: TickRecord) => (source === 'none' ? 'nothing is written' : `${source} writes`);

/** `is in STOPPED since 0.120 s (force_limit: 31.2 N, limit 30)` */
function led(side: Refold, r: TickRecord): string {
  const last = side.transitions.at(-1);
  if (last === undefined) return `is in ${r.mode}`;
  const sinceNs = r.nowNs - last.atNs;
  const how = sinceNs <= 0 ? `goes to ${r.mode}` : `is in ${r.mode} since ${(sinceNs / 1e9).toFixed(3)} s`;
  return `${how} (${last.cause}: ${last.detail})`;
}

function decided(
  was: TickRecord,
  would: TickRecord,
  norms: { readonly was: number; readonly would: number },
  residual: WhatIfTick['residual'],
  bounds: { readonly was: RiskBounds; readonly would: RiskBounds },
): string[] {
  const parts: string[] = [];
  if (norms.was !== norms.would)
    parts.push(
      `the decision's residual is ${norm(norms.would)} in norm; in the log ${norm(norms.was)}` +
        (residual.was === norms.was ? '' : `, of which ${norm(residual.was)} went in`),
    );
  if (was.riskProposed !== would.riskProposed)
    parts.push(
      `the whole proposal has risk ${would.riskProposed.toFixed(3)}; in the log ${was.riskProposed.toFixed(3)}`,
    );
  if (was.residualFraction !== would.residualFraction)
    parts.push(
      `the gate leaves ${share(would)} of the residual at ${judged(would, bounds.would)}; in the log ${share(was)} at ${judged(was, bounds.was)}`,
    );
  if (parts.length === 0 && was.speedScale !== would.speedScale)
    parts.push(
      `speed scale ${would.speedScale.toFixed(3)} at ${paced(would, bounds.would)}; in the log ${was.speedScale.toFixed(3)} at ${paced(was, bounds.was)}`,
    );
  return parts;
}

const norm = (v: number) => (v === 0 ? '0' : v.toPrecision(3));
const share = (r: TickRecord) => `${(100 * r.residualFraction).toFixed(0)} %`;
const judged = (r: TickRecord, { low, high }: RiskBounds) =>
  `a risk of ${r.riskProposed.toFixed(3)} (low ${low}, high ${high})`;

const paced = (r: TickRecord, { low, warn = low, high }: RiskBounds) =>
  `a risk of ${r.risk.toFixed(3)} (slowed from ${warn} to ${high})`;

function filtered(was: TickRecord, would: TickRecord): string[] {
  const i = was.aim.findIndex((v, k) => !Object.is(v, would.aim[k]));
  if (i >= 0) {
    const [now, then] = [would.aim[i]!.toPrecision(4), was.aim[i]!.toPrecision(4)];
    return [`the wish is another one: element ${i} is ${now}; in the log ${then}`];
  }
  const by = Object.entries(CLIPPED)
    .filter(([, bit]) => (would.clipped & bit) !== (was.clipped & bit))
    .map(([name]) => name);
  return [
    by.length === 0
      ? 'the wish is the same, but the setpoint before it was another one'
      : `the wish is the same, but cut otherwise by ${by.join(', ')}`,
  ];
}
