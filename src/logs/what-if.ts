import { readLog } from '../../bridges/mcap/reader.ts';
import type { TickRecord } from '../../controllers/safety/record.ts';
import { createBase } from '../../policies/base/registry.ts';
import { createCritic } from '../../policies/critic/registry.ts';
import { createResidual } from '../../policies/residual/registry.ts';
import type { RunConfig } from '../core/config-schema.ts';
import { Histogram, type Quantiles } from '../core/histogram.ts';
import type { Decision, LadderTransition, SentCommand } from '../core/signals.ts';
import { ENTRY } from '../pipeline/journal/entry.ts';
import {
  type Entry,
  entriesIn,
  readDecision,
  readEcho,
  readRequest,
  readSent,
  readTakeover,
} from '../pipeline/journal/read.ts';
import { configOfLog } from './log-config.ts';
import { bornWith, Refold } from './refold.ts';
import { DecisionMaker } from './remake.ts';
import { type LoggedDecision, type LoggedJournal, TOPIC } from './topics.ts';

/** One tick as it was, and as it would have been. */
export interface WhatIfTick {
  readonly atS: number;
  readonly was: TickRecord;
  readonly would: TickRecord;
  /** Of the two setpoints, in the elements that are compared: m for a pose, rad or rad/s for joints; NaN where one is silent. */
  readonly distance: number;
}

/** A time in which the two are not the same command. */
export interface Stretch {
  from_s: number;
  to_s: number;
  ticks: number;
  /** Largest distance between the two setpoints in it. */
  distance: number;
  /** What each of them was doing when it began. */
  was: string;
  would: string;
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
  duration_s: number;
}

interface Side {
  commands: number;
  interventions: number;
  /** Ticks in each mode. */
  modes: Record<string, number>;
  /** Stops, by cause. */
  stops: Record<string, number>;
  /** Mean share of the residual while a policy wrote. */
  residual_fraction: number;
  transitions: LadderTransition[];
}

/** Stretches that are told at most; the ticks in the others are counted. */
const MOST = 5000;
/** Two commands this many ticks apart are of one stretch. */
const SAME_STRETCH_TICKS = 20;
/** A decision reaches the log at most so long after the call of the gate that took it, ns. */
const LATE_NS = 1_000_000_000n;
/** Commands that an echo may still come for. */
const ECHOES = 512;

/**
 * Asks a log "what if": the same inputs, in the same order, on the gate as it was and on one of another config, with the
 * decisions of other weights; tick by tick, what would have been different. Operators ask what they asked, of the
 * incident that is there; commands that went out, go out.
 *
 * NOTE the states stay those of the log: the robot does not follow the other commands. Shortly after the first difference
 * this is what would have happened; long after it is what the other gate makes of the same robot. `replay --closed-loop`
 * asks the physics.
 * @param onTick told of every tick; the records are reused
 */
export async function whatIf(
  paths: readonly string[],
  sets: readonly string[],
  onTick: (tick: WhatIfTick) => void = () => {},
): Promise<WhatIf> {
  const { config, changes } = await configOfLog(paths[0]!, sets);
  const { config: own } = await configOfLog(paths[0]!);
  const decisions = new Decisions(config, own);
  const comparison = new Comparison(changes);
  let pair: Pair | null = null;
  let next = 0;
  let firstNs: bigint | null = null;
  const waiting: { atNs: bigint; journal: LoggedJournal }[] = [];

  const take = ({ atNs, journal }: (typeof waiting)[number]): void => {
    const atS = Number(atNs - firstNs!) / 1e9;
    let number = Number(journal.first);
    for (const entry of entriesIn(journal.entries)) {
      const base = bornWith(entry);
      if (base !== null) pair = new Pair(own, config, base, decisions);
      else if (number !== next) pair = null;
      next = ++number;
      if (base !== null || pair === null) continue;
      const ticked = pair.take(entry);
      if (ticked) comparison.tick(atS, pair, onTick);
    }
  };
  for (const path of paths) {
    for await (const logged of readLog(path)) {
      const { topic, logTimeNs } = logged;
      firstNs ??= logTimeNs;
      comparison.result.duration_s = Number(logTimeNs - firstNs) / 1e9;
      if (topic === TOPIC.decision) decisions.add(logged.message as unknown as LoggedDecision);
      else if (topic === TOPIC.journal) {
        waiting.push({ atNs: logTimeNs, journal: logged.message as unknown as LoggedJournal });
      }
      while (waiting.length > 0 && logTimeNs - waiting[0]!.atNs > LATE_NS) take(waiting.shift()!);
    }
  }
  for (const journal of waiting) take(journal);
  return comparison.end();
}

/** Decisions as the other weights make them, by epoch and sequence; only the newest few seconds. */
class Decisions {
  readonly #maker: DecisionMaker;
  readonly #made = new Map<string, Pick<Decision, 'base' | 'residual'>>();

  constructor(config: RunConfig, logged: RunConfig) {
    const { policies } = config;
    this.#maker = new DecisionMaker(
      config,
      createBase(policies.base),
      createResidual(policies.residual),
      logged.policies.residual.scale,
    );
  }

  add(logged: LoggedDecision): void {
    const made = this.#maker.make(logged);
    if (made === null) return;
    if (this.#made.size > 10_000) this.#made.delete(this.#made.keys().next().value!);
    this.#made.set(`${Number(logged.epoch)} ${logged.seq}`, {
      base: made.base.slice(),
      residual: made.residual.slice(),
    });
  }

  /** As the other weights make it; as it was, where that is not known. */
  of(decision: Decision): Decision {
    return { ...decision, ...this.#made.get(`${decision.epoch} ${decision.seq}`) };
  }
}

/** The gate as it was and the other one, under the same calls. */
class Pair {
  readonly was: Refold;
  readonly would: Refold;
  readonly #decisions: Decisions;
  /** What the other one sent in the tick in which the first sent this sequence, for its echo. */
  readonly #echoes = new Map<number, { epoch: number; seq: number; stampNs: number; setpoint: Float64Array }>();
  #unsent: SentCommand | null = null;

  constructor(own: RunConfig, other: RunConfig, epochBase: number, decisions: Decisions) {
    this.was = new Refold(own, createCritic(own.policies.critic), epochBase);
    this.would = new Refold(other, createCritic(other.policies.critic), epochBase);
    this.#decisions = decisions;
  }

  /** True when it was a tick. */
  take(entry: Entry): boolean {
    const { was, would } = this;
    if (entry.kind === ENTRY.sent) {
      this.was.take(entry);
      const said = readSent(entry);
      if (this.#unsent !== null) would.gate.sent({ ...this.#unsent, sent: said.sent, refused: said.refused });
      this.#unsent = null;
      return false;
    }
    // The one that was had nothing to send: then nothing kept the other's command back.
    if (this.#unsent !== null) would.gate.sent(this.#unsent);
    this.#unsent = null;
    const epoch = (of: number) => (of === was.gate.epoch ? would.gate.epoch : of);
    if (entry.kind === ENTRY.tick) {
      was.take(entry);
      would.take(entry);
      this.#sending();
      return true;
    }
    const atNs = entry.values[entry.at]!;
    switch (entry.kind) {
      case ENTRY.decision: {
        const decision = readDecision(entry);
        would.gate.ingestDecision({ ...this.#decisions.of(decision), epoch: epoch(decision.epoch) });
        break;
      }
      case ENTRY.takeover: {
        const takeover = readTakeover(entry);
        const commandSeq = this.#echoes.get(takeover.commandSeq)?.seq ?? takeover.commandSeq;
        would.gate.ingestTakeover({ ...takeover, commandSeq, epoch: epoch(takeover.epoch) }, atNs);
        break;
      }
      case ENTRY.request: {
        const request = readRequest(entry);
        const answers = request.kind === 'reset' && request.incident === was.gate.incident;
        would.gate.request(answers ? { kind: 'reset', incident: would.gate.incident } : request, atNs);
        break;
      }
      case ENTRY.echo: {
        const seen = readEcho(entry);
        const ours = seen.epoch < 0 ? undefined : this.#echoes.get(seen.seq);
        // A command of ours that comes back: the other one sees its own. What somebody else sent, it sees as it was.
        would.gate.ingestEcho(ours ?? seen);
        break;
      }
      default:
        would.take(entry);
    }
    was.take(entry);
    return false;
  }

  #sending(): void {
    const { record: was } = this.was;
    const { record: would } = this.would;
    if (would.commandSeq > 0)
      this.#unsent = { sent: true, refused: null, epoch: would.epoch, seq: would.commandSeq, sentNs: would.nowNs };
    if (was.commandSeq === 0 || would.commandSeq === 0) return;
    this.#echoes.delete(was.commandSeq - ECHOES);
    this.#echoes.set(was.commandSeq, {
      ...{ epoch: would.epoch, seq: would.commandSeq, stampNs: would.nowNs },
      setpoint: would.setpoint.slice(),
    });
  }
}

/** Adds up how the two differ. */
class Comparison {
  readonly result: WhatIf;
  readonly #distances = new Histogram(1e-9);
  readonly #fractions = { was: { sum: 0, n: 0 }, would: { sum: 0, n: 0 } };
  #lastDifferent = Number.NEGATIVE_INFINITY;
  #pairs = new Set<Pair>();

  constructor(changes: readonly string[]) {
    const side = (): Side => ({
      ...{ commands: 0, interventions: 0, modes: {}, stops: {}, residual_fraction: 0, transitions: [] },
    });
    this.result = {
      ...{ changes, ticks: 0, different: 0, was: side(), would: side() },
      ...{ distance: { p50: 0, p99: 0, max: 0 }, stretches: [], duration_s: 0 },
    };
  }

  tick(atS: number, pair: Pair, onTick: (tick: WhatIfTick) => void): void {
    this.#pairs.add(pair);
    const r = this.result;
    const was = pair.was.record;
    const would = pair.would.record;
    r.ticks++;
    this.#count(r.was, this.#fractions.was, was);
    this.#count(r.would, this.#fractions.would, would);
    const distance = apart(was.setpoint, would.setpoint);
    onTick({ atS, was, would, distance });
    const same = was.mode === would.mode && was.source === would.source && bitsAreEqual(was.setpoint, would.setpoint);
    if (same) return;
    r.different++;
    if (!Number.isNaN(distance)) this.#distances.record(distance);
    const last = r.stretches.at(-1);
    if (last !== undefined && r.ticks - this.#lastDifferent <= SAME_STRETCH_TICKS) {
      last.to_s = atS;
      last.ticks++;
      if (distance > last.distance) last.distance = distance;
    } else if (r.stretches.length < MOST)
      r.stretches.push({
        ...{ from_s: atS, to_s: atS, ticks: 1, distance: Number.isNaN(distance) ? 0 : distance },
        ...{ was: doing(was), would: doing(would) },
      });
    this.#lastDifferent = r.ticks;
  }

  #count(side: Side, fractions: { sum: number; n: number }, r: TickRecord): void {
    if (r.commandSeq > 0) side.commands++;
    side.modes[r.mode] = (side.modes[r.mode] ?? 0) + 1;
    if (r.source !== 'policy') return;
    fractions.sum += r.residualFraction;
    fractions.n++;
  }

  end(): WhatIf {
    const r = this.result;
    for (const name of ['was', 'would'] as const) {
      const side = r[name];
      for (const pair of this.#pairs) {
        side.transitions.push(...pair[name].transitions);
        side.interventions += pair[name].gate.counters.interventions;
      }
      for (const { to, cause } of side.transitions)
        if (to === 'STOPPING' || to === 'ESTOP' || to === 'FAULT') side.stops[cause] = (side.stops[cause] ?? 0) + 1;
      const { sum, n } = this.#fractions[name];
      side.residual_fraction = n === 0 ? 0 : sum / n;
    }
    r.distance = this.#distances.quantiles();
    return r;
  }
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

/** `ACTIVE, policy, residual 0.37, risk 0.41: critic` */
function doing(r: TickRecord): string {
  const residual = r.source === 'policy' ? `, residual ${r.residualFraction.toFixed(2)}` : '';
  const risk = Number.isNaN(r.risk) ? '' : `, risk ${r.risk.toFixed(2)}`;
  return `${r.mode}, ${r.source}${residual}${risk}${r.cause === '' ? '' : `: ${r.cause} ${r.value.toPrecision(3)} (limit ${r.limit.toPrecision(3)})`}`;
}
