import { readBatches } from '../../bridges/mcap/reader.ts';
import { createBase } from '../../policies/base/registry.ts';
import { createCritic } from '../../policies/critic/registry.ts';
import { createResidual } from '../../policies/residual/registry.ts';
import type { RunConfig } from '../core/config-schema.ts';
import { ReflexArcError } from '../core/errors.ts';
import type { Decision, SentCommand } from '../core/signals.ts';
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
import { Comparison, type WhatIf } from './what-if-comparison.ts';
import type { Compared, WhatIfTick } from './what-if-tick.ts';
import { isWithin, requireReached, WHOLE, type Window } from './window.ts';

export type { WhatIf } from './what-if-comparison.ts';
export type { WhatIfTick } from './what-if-tick.ts';

/** A decision reaches the log at most so long after the call of the gate that took it, ns. */
const LATE_NS = 1_000_000_000n;
/** All else of a log is not even decoded. */
const READ: ReadonlySet<string> = new Set([TOPIC.decision, TOPIC.journal]);
/** Commands that an echo may still come for. */
const ECHOES = 512;
/** Decisions of which one may still be in force. */
const DECISIONS = 64;

/**
 * Asks a log "what if": the same inputs, in the same order, on the gate as it was and on one of another config, with the
 * decisions of other weights; tick by tick, what would have been different. Operators ask what they asked, of the
 * incident that is there; commands that went out, go out.
 *
 * NOTE the states stay those of the log: the robot does not follow the other commands. Shortly after the first difference
 * this is what would have happened; long after it is what the other gate makes of the same robot. `replay --closed-loop`
 * asks the physics.
 * @throws ReflexArcError RA_DIGEST_MISMATCH where the log's own weights are not here; and as configOfLog
 * @param onTick told of every tick; the records are reused
 * @param window what is compared and counted. Both gates live through all that comes before it: the other one may differ from
 * long before
 */
export async function whatIf(
  paths: readonly string[],
  sets: readonly string[],
  onTick: (tick: WhatIfTick) => void = () => {},
  window: Window = WHOLE,
): Promise<WhatIf> {
  const { config, changes } = await configOfLog(paths[0]!, sets);
  const { logged, config: own } = await configOfLog(paths[0]!);
  useOwnWeights(paths[0]!, logged, own, config, sets);
  const decisions = new Decisions(config, own);
  const comparison = new Comparison(changes, { was: own.safety.risk, would: config.safety.risk });
  let pair: Pair | null = null;
  let next = 0;
  let firstNs: bigint | null = null;
  const waiting: { atNs: bigint; journal: LoggedJournal }[] = [];

  const take = ({ atNs, journal }: (typeof waiting)[number]): void => {
    const atS = Number(atNs - firstNs!) / 1e9;
    if (atS > window.toS) return;
    let number = Number(journal.first);
    for (const entry of entriesIn(journal.entries)) {
      const base = bornWith(entry);
      if (base !== null) pair = new Pair(own, config, base, decisions);
      else if (number !== next) pair = null;
      next = ++number;
      if (base !== null || pair === null) continue;
      const ticked = pair.take(entry);
      if (!isWithin(window, atS)) comparison.pass(pair);
      else if (ticked) onTick(comparison.tick(atS, pair));
    }
  };
  const readTo = (atNs: bigint): number => {
    firstNs ??= atNs;
    const atS = Number(atNs - firstNs) / 1e9;
    comparison.result.duration_s = Math.min(atS, window.toS);
    while (waiting.length > 0 && atNs - waiting[0]!.atNs > LATE_NS) take(waiting.shift()!);
    return atS;
  };
  reading: for (const path of paths) {
    for await (const batch of readBatches(path, READ)) {
      readTo(batch.firstNs);
      for (const logged of batch.messages) {
        if (readTo(logged.logTimeNs) > window.toS + Number(LATE_NS) / 1e9) break reading;
        if (logged.topic === TOPIC.decision) decisions.add(logged.message as unknown as LoggedDecision);
        else waiting.push({ atNs: logged.logTimeNs, journal: logged.message as unknown as LoggedJournal });
      }
      readTo(batch.lastNs);
    }
  }
  for (const journal of waiting) take(journal);
  requireReached(window, comparison.result.duration_s);
  return comparison.end();
}

/**
 * The gate as it was needs the log's own critic, and an answer about one change needs all else as it was. Weights that are
 * neither the log's own nor asked for are refused; a file that was asked for may be the log's own.
 * @throws ReflexArcError RA_DIGEST_MISMATCH
 */
function useOwnWeights(
  path: string,
  logged: RunConfig,
  own: RunConfig,
  other: RunConfig,
  sets: readonly string[],
): void {
  for (const kind of ['base', 'residual', 'critic'] as const) {
    const { sha256 } = logged.policies[kind];
    if (own.policies[kind].sha256 === sha256) continue;
    if (other.policies[kind].sha256 === sha256)
      Object.assign(own.policies[kind], { path: other.policies[kind].path, sha256 });
    else if (kind === 'critic' || !sets.some((set) => set.startsWith(`policies.${kind}.path=`)))
      throw new ReflexArcError('RA_DIGEST_MISMATCH', {
        seen: `${own.policies[kind].path}: sha256 ${own.policies[kind].sha256}`,
        allowed: `${sha256}, the ${kind} that ${path} was recorded with`,
        next: `Give the log's own: \`--with policies.${kind}=FILE\` (of the checkout that recorded it)${kind === 'critic' ? '' : '; or another file the same way, if that is the question'}.`,
      });
  }
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
class Pair implements Compared {
  readonly was: Refold;
  readonly would: Refold;
  readonly #decisions: Decisions;
  /** What the other one sent in the tick in which the first sent this sequence, for its echo. */
  readonly #echoes = new Map<number, { epoch: number; seq: number; stampNs: number; setpoint: Float64Array }>();
  /** Norms of the residuals of the newest decisions, by sequence. */
  readonly #norms = new Map<number, { was: number; would: number }>();
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
        const other = this.#decisions.of(decision);
        would.gate.ingestDecision({ ...other, epoch: epoch(decision.epoch) });
        if (this.#norms.size >= DECISIONS) this.#norms.delete(this.#norms.keys().next().value!);
        this.#norms.set(decision.seq, { was: Math.hypot(...decision.residual), would: Math.hypot(...other.residual) });
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

  residualNorms(): { was: number; would: number } {
    const of = (side: 'was' | 'would') => this.#norms.get(this[side].record.decisionSeq)?.[side] ?? Number.NaN;
    return { was: of('was'), would: of('would') };
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
