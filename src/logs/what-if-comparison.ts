import type { TickRecord } from '../../controllers/safety/record.ts';
import { Histogram, type Quantiles } from '../core/histogram.ts';
import type { LadderTransition } from '../core/signals.ts';
import type { Compared, RiskBounds, WhatIfTick } from './what-if-tick.ts';
import { doing, whyDifferent } from './what-if-why.ts';

/** A time in which the two are not the same command, and each of them does one thing. */
export interface Stretch {
  from_s: number;
  to_s: number;
  /** Tick of the gate of the log at which it begins. */
  tick: number;
  ticks: number;
  /** Largest distance between the two setpoints in it. */
  distance: number;
  /** What each of them was doing when it began. */
  was: string;
  would: string;
  /** In words, what parted them. */
  because: string;
}

/** Something took authority from the policy: in both, only in the log (lost), or only in what would have been (gained). */
export interface Interfered {
  at_s: number;
  cause: string;
  by: 'gate' | 'person';
  kept: 'both' | 'lost' | 'gained';
}

export interface WhatIf {
  changes: readonly string[];
  ticks: number;
  /** Ticks in which the other command differs in any bit. */
  different: number;
  was: Side;
  would: Side;
  /** Between the two setpoints, in the ticks that differ. */
  distance: Quantiles;
  stretches: Stretch[];
  interventions: Interfered[];
  /** Of the log that was read. */
  duration_s: number;
}

export interface Side {
  commands: number;
  interventions: number;
  interventions_by: Record<string, number>;
  /** Ticks in each mode. */
  modes: Record<string, number>;
  /** Stops, by cause. */
  stops: Record<string, number>;
  /** Mean share of the residual while a policy wrote, and mean norm of what of it went in, in units of the action. */
  residual_fraction: number;
  residual_norm: number;
  /** Of what was let through, where the critic judged it; and its ticks in bins of 1 / RISK_BINS. */
  risk: Quantiles;
  risk_bins: number[];
  transitions: LadderTransition[];
}

export const RISK_BINS = 20;
/** Stretches that are told at most; the ticks in the others are counted. */
const MOST = 5000;
/** Two commands this many ticks apart are of one stretch. */
const SAME_STRETCH_TICKS = 20;
/** Interventions of one cause at most so far apart, s, are the same one. */
const SAME_INTERVENTION_S = 0.25;

/** Adds up how the two differ. */
export class Comparison {
  readonly result: WhatIf;
  readonly #bounds: { readonly was: RiskBounds; readonly would: RiskBounds };
  readonly #distances = new Histogram(1e-9);
  readonly #sums = { was: new Sums(), would: new Sums() };
  readonly #seen = { was: [] as Interfered[], would: [] as Interfered[] };
  #lastDifferent = Number.NEGATIVE_INFINITY;
  #lastKind = '';
  /** With the transitions that each had behind it when the window began. */
  readonly #pairs = new Map<Compared, { was: number; would: number }>();

  /** @param bounds of the critic's risk, in the config of the log and in the other one */
  constructor(changes: readonly string[], bounds: { was: RiskBounds; would: RiskBounds }) {
    this.#bounds = bounds;
    const side = (): Side => ({
      ...{ commands: 0, interventions: 0, interventions_by: {}, modes: {}, stops: {}, transitions: [] },
      ...{ residual_fraction: 0, residual_norm: 0, risk: { p50: 0, p99: 0, max: 0 }, risk_bins: [] },
    });
    this.result = {
      ...{ changes, ticks: 0, different: 0, was: side(), would: side() },
      ...{ distance: { p50: 0, p99: 0, max: 0 }, stretches: [], interventions: [], duration_s: 0 },
    };
  }

  /** What happens before the window is not counted. */
  pass(pair: Compared): void {
    this.#pairs.set(pair, { was: pair.was.transitions.length, would: pair.would.transitions.length });
    for (const name of ['was', 'would'] as const) pair[name].interventions.length = 0;
  }

  /** @returns reused records: copy what you keep */
  tick(atS: number, pair: Compared): WhatIfTick {
    if (!this.#pairs.has(pair)) this.#pairs.set(pair, { was: 0, would: 0 });
    const r = this.result;
    const was = pair.was.record;
    const would = pair.would.record;
    r.ticks++;
    const norms = pair.residualNorms();
    const of = (record: TickRecord, norm: number) =>
      record.source === 'policy' ? record.residualFraction * norm : Number.NaN;
    const residual = { was: of(was, norms.was), would: of(would, norms.would) };
    this.#sums.was.take(was, residual.was);
    this.#sums.would.take(would, residual.would);
    this.#interventions(atS, pair);
    const distance = apart(was.setpoint, would.setpoint);
    const same = was.mode === would.mode && was.source === would.source && bitsAreEqual(was.setpoint, would.setpoint);
    const tick = { atS, was, would, distance, residual, different: !same };
    if (!same) this.#differs(tick, pair, norms);
    return tick;
  }

  #interventions(atS: number, pair: Compared): void {
    for (const name of ['was', 'would'] as const)
      for (const { cause, by } of pair[name].interventions.splice(0))
        this.#seen[name].push({ at_s: atS, cause, by, kept: name === 'was' ? 'lost' : 'gained' });
  }

  #differs(tick: WhatIfTick, pair: Compared, norms: { was: number; would: number }): void {
    const { atS, was, would, distance } = tick;
    const r = this.result;
    r.different++;
    if (!Number.isNaN(distance)) this.#distances.record(distance);
    const kind = `${was.mode} ${was.source} ${would.mode} ${would.source}`;
    const last = r.stretches.at(-1);
    if (last !== undefined && kind === this.#lastKind && r.ticks - this.#lastDifferent <= SAME_STRETCH_TICKS) {
      last.to_s = atS;
      last.ticks++;
      if (distance > last.distance) last.distance = distance;
    } else if (r.stretches.length < MOST)
      r.stretches.push({
        ...{ from_s: atS, to_s: atS, tick: was.seq, ticks: 1, distance: Number.isNaN(distance) ? 0 : distance },
        ...{ was: doing(was), would: doing(would), because: whyDifferent(tick, pair, norms, this.#bounds) },
      });
    this.#lastDifferent = r.ticks;
    this.#lastKind = kind;
  }

  end(): WhatIf {
    const r = this.result;
    for (const name of ['was', 'would'] as const) {
      const side = r[name];
      for (const [pair, before] of this.#pairs) side.transitions.push(...pair[name].transitions.slice(before[name]));
      for (const { to, cause } of side.transitions) if (isStop(to)) side.stops[cause] = (side.stops[cause] ?? 0) + 1;
      // Those of a person are listed, but are none of the gate's.
      for (const { cause, by } of this.#seen[name]) {
        if (by === 'person') continue;
        side.interventions++;
        side.interventions_by[cause] = (side.interventions_by[cause] ?? 0) + 1;
      }
      Object.assign(side, this.#sums[name].end());
    }
    r.interventions = matched(this.#seen.was, this.#seen.would);
    r.distance = this.#distances.quantiles();
    return r;
  }
}

const isStop = (mode: string) => mode === 'STOPPING' || mode === 'ESTOP' || mode === 'FAULT';

/** What is counted of one of the two. */
class Sums {
  readonly #risk = new Histogram(1e-4);
  readonly #bins = new Array<number>(RISK_BINS).fill(0);
  readonly #modes: Record<string, number> = {};
  #commands = 0;
  #fractions = 0;
  #norms = 0;
  #n = 0;

  take(r: TickRecord, norm: number): void {
    if (r.commandSeq > 0) this.#commands++;
    this.#modes[r.mode] = (this.#modes[r.mode] ?? 0) + 1;
    if (r.risk >= 0) {
      this.#risk.record(r.risk);
      this.#bins[Math.min(RISK_BINS - 1, Math.floor(r.risk * RISK_BINS))]!++;
    }
    if (r.source !== 'policy') return;
    this.#fractions += r.residualFraction;
    this.#norms += norm;
    this.#n++;
  }

  end(): Pick<Side, 'commands' | 'modes' | 'residual_fraction' | 'residual_norm' | 'risk' | 'risk_bins'> {
    const n = Math.max(1, this.#n);
    return {
      ...{ commands: this.#commands, modes: this.#modes, risk: this.#risk.quantiles(), risk_bins: this.#bins },
      ...{ residual_fraction: this.#fractions / n, residual_norm: this.#norms / n },
    };
  }
}

/** Each of the log with the nearest free one of the same cause on the other side; what is left over was lost or gained. */
function matched(was: readonly Interfered[], would: readonly Interfered[]): Interfered[] {
  const free = new Set(would);
  const all = was.map((w) => {
    let nearest: Interfered | null = null;
    for (const o of free) {
      const away = Math.abs(o.at_s - w.at_s);
      if (o.cause !== w.cause || o.by !== w.by || away > SAME_INTERVENTION_S) continue;
      if (nearest === null || away < Math.abs(nearest.at_s - w.at_s)) nearest = o;
    }
    if (nearest === null) return w;
    free.delete(nearest);
    return { ...w, kept: 'both' as const };
  });
  return [...all, ...free].sort((a, b) => a.at_s - b.at_s);
}

/** Of the first three elements of a pose, or of all of a joint setpoint or a twist. */
function apart(a: Float64Array, b: Float64Array): number {
  const n = a.length === 9 ? 3 : a.length;
  let sum = 0;
  for (let i = 0; i < n; i++) sum += (a[i]! - b[i]!) ** 2;
  return Math.sqrt(sum);
}

function bitsAreEqual(a: Float64Array, b: Float64Array): boolean {
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}
