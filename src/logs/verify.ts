import { readBatches } from '../../bridges/mcap/reader.ts';
import type { TickRecord } from '../../controllers/safety/record.ts';
import { createBase } from '../../policies/base/registry.ts';
import { createCritic } from '../../policies/critic/registry.ts';
import { createResidual } from '../../policies/residual/registry.ts';
import { ReflexArcError } from '../core/errors.ts';
import { ENTRY } from '../pipeline/journal/entry.ts';
import { entriesIn } from '../pipeline/journal/read.ts';
import { configOfLog } from './log-config.ts';
import { OwnMessages } from './own-messages.ts';
import { bornWith, Refold } from './refold.ts';
import { DecisionMaker } from './remake.ts';
import { type LoggedDecision, type LoggedJournal, type LoggedTick, TOPIC } from './topics.ts';
import { isWithin, requireReached, WHOLE, type Window } from './window.ts';

/** Where a log and what was made of it part. */
export interface Mismatch {
  /** s since the first message of the log. */
  at_s: number;
  what: 'tick' | 'decision';
  /** Of the tick or the decision. */
  seq: number;
  field: string;
  logged: number | string | boolean;
  made: number | string | boolean;
  /** What is different from the run of the log; or what the gate said, where nothing is. */
  because: string;
}

export interface Verification {
  /** Ticks in which a command went out. */
  commands: number;
  identical: number;
  mismatches: number;
  /** Commands that cannot be made again: calls of the gate are missing before them. */
  unverified: number;
  ticks: number;
  decisions: number;
  decisions_identical: number;
  decisions_mismatched: number;
  decisions_unverified: number;
  first_mismatch: Mismatch | null;
  /** Of config and weights, against the run of the log. */
  changes: readonly string[];
  /** Entries of the journal that are missing, and where the first gap is, s. */
  journal_lost: number;
  first_gap_s: number | null;
  /** Of the log that was read. */
  duration_s: number;
  speed_x_realtime: number;
}

/** All else of a log is not even decoded. */
const READ: ReadonlySet<string> = new Set([TOPIC.journal, TOPIC.tick, TOPIC.decision]);

/** Ticks that may wait for their record in the log: the journal of a tick is written just before it. */
const MAX_WAITING = 100_000;

/**
 * Makes every decision and every command of a log again, and compares bit for bit: decisions from the observations, commands
 * from the calls of the gate. `sets` changes the config first; then the first difference says where that was met.
 * @param paths files of one recording, in order
 * @param window what is compared and counted; all that comes before it is made again too, for a gate has a memory
 * @throws ReflexArcError RA_LOG_DAMAGED (after what could be read), RA_CONFIG_…; RA_LOG_DAMAGED for a log without a journal
 */
export async function verifyLog(
  paths: readonly string[],
  sets: readonly string[] = [],
  onProgress: (atS: number) => void = () => {},
  window: Window = WHOLE,
): Promise<Verification> {
  const began = performance.now();
  const { logged: run, config, changes } = await configOfLog(paths[0]!, sets);
  const { base: b, residual: r } = config.policies;
  const decider = new DecisionMaker(config, createBase(b), createResidual(r), run.policies.residual.scale);
  const critic = createCritic(config.policies.critic);
  const v: { -readonly [K in keyof Verification]: Verification[K] } = {
    ...{ commands: 0, identical: 0, mismatches: 0, unverified: 0, ticks: 0 },
    ...{ decisions: 0, decisions_identical: 0, decisions_mismatched: 0, decisions_unverified: 0 },
    ...{ first_mismatch: null, changes, journal_lost: 0, first_gap_s: null, duration_s: 0, speed_x_realtime: 0 },
  };
  let refold: Refold | null = null;
  let next = 0;
  let firstNs: bigint | null = null;
  let atS = 0;
  /** Made, and not compared yet: the last one, which is the gate's own, and copies of those before it. */
  let newest: TickRecord | null = null;
  const waiting = new Map<number, TickRecord>();

  const differ = (what: Mismatch['what'], seq: number, [field, logged, made]: Difference, said: string): void => {
    const because = changes.length > 0 ? changes.join('; ') : said;
    v.first_mismatch ??= { at_s: atS, what, seq, field, logged, made, because };
  };
  const own = new OwnMessages();
  const onJournal = ({ first, entries, count }: LoggedJournal & { count: number }): void => {
    let number = Number(first);
    for (const entry of entriesIn(entries, count)) {
      const base = bornWith(entry);
      if (base !== null) {
        refold = new Refold(config, critic, base);
        waiting.clear();
        newest = null;
      } else if (number !== next) {
        v.journal_lost += Math.max(0, number - next);
        v.first_gap_s ??= atS;
        refold = null;
      }
      number++;
      next = number;
      if (base !== null || refold === null) continue;
      // The record of a tick is in the log behind the calls up to its `sent`, and mostly before the next: then it is not copied.
      if (entry.kind === ENTRY.tick) keep();
      if (refold.take(entry)) newest = refold.record;
    }
  };
  const keep = (): void => {
    if (newest === null) return;
    if (waiting.size >= MAX_WAITING) waiting.clear();
    waiting.set(newest.seq, copyOf(newest));
    newest = null;
  };
  const onTick = (logged: LoggedTick): void => {
    const made = newest?.seq === logged.seq ? newest : waiting.get(logged.seq);
    if (made === newest) newest = null;
    else waiting.delete(logged.seq);
    if (!isWithin(window, atS)) return;
    v.ticks++;
    const isCommand = logged.source !== 'none';
    if (isCommand) v.commands++;
    if (made === undefined) {
      if (isCommand) v.unverified++;
      return;
    }
    const difference = tickDifference(logged, made);
    if (difference === null) {
      if (isCommand) v.identical++;
      return;
    }
    if (isCommand) v.mismatches++;
    const said = made.cause === '' ? 'the same config gives another command' : `the gate says ${made.cause}`;
    differ('tick', logged.seq, difference, said);
  };
  const onDecision = (logged: LoggedDecision): void => {
    const made = decider.make(logged);
    if (!isWithin(window, atS)) return;
    v.decisions++;
    if (made === null) {
      v.decisions_unverified++;
      return;
    }
    const difference =
      vectorDifference('base', logged.base, made.base) ?? vectorDifference('residual', logged.residual, made.residual);
    if (difference === null) v.decisions_identical++;
    else {
      v.decisions_mismatched++;
      differ('decision', logged.seq, difference, 'the same weights give another action');
    }
  };

  let journals = 0;
  reading: for (const path of paths) {
    for await (const batch of readBatches(path, READ)) {
      firstNs ??= batch.firstNs;
      for (const logged of batch.messages) {
        const { topic } = logged;
        atS = Number(logged.logTimeNs - firstNs) / 1e9;
        // What the gate was told of a tick stands before its record.
        if (atS > window.toS) break reading;
        if (topic === TOPIC.journal) {
          journals++;
          onJournal(own.journal(logged));
        } else if (topic === TOPIC.tick) onTick(own.tick(logged));
        else onDecision(own.decision(logged));
      }
      atS = Number(batch.lastNs - firstNs) / 1e9;
      if (atS > window.toS) break reading;
      onProgress(atS);
    }
  }
  requireReached(window, atS);
  if (journals === 0 && v.ticks > 0)
    throw new ReflexArcError('RA_LOG_DAMAGED', {
      seen: `${paths.join(', ')}: no message on ${TOPIC.journal}`,
      allowed: 'a log with the journal of the gate: every run since it exists',
      next: 'Record the run again; without the calls of the gate its commands cannot be made again.',
    });
  v.duration_s = Math.min(atS, window.toS);
  v.speed_x_realtime = atS / ((performance.now() - began) / 1000);
  return v;
}

/** Field, as logged, as made. */
type Difference = readonly [field: string, logged: number | string | boolean, made: number | string | boolean];

const copyOf = (r: TickRecord): TickRecord => ({ ...r, aim: r.aim.slice(), setpoint: r.setpoint.slice() });

/** The first field in which a logged tick and one made again differ, bit for bit. */
function tickDifference(logged: LoggedTick, made: TickRecord): Difference | null {
  const { is } = Object;
  if (!is(logged.mode, made.mode)) return ['mode', logged.mode, made.mode];
  if (!is(logged.source, made.source)) return ['source', logged.source, made.source];
  if (!is(logged.cause, made.cause)) return ['cause', logged.cause, made.cause];
  if (!is(logged.value, made.value)) return ['value', logged.value, made.value];
  if (!is(logged.limit, made.limit)) return ['limit', logged.limit, made.limit];
  if (!is(Number(logged.epoch), made.epoch)) return ['epoch', Number(logged.epoch), made.epoch];
  if (!is(logged.state_seq, made.stateSeq)) return ['state_seq', logged.state_seq, made.stateSeq];
  if (!is(Number(logged.decision_seq), made.decisionSeq))
    return ['decision_seq', Number(logged.decision_seq), made.decisionSeq];
  if (!is(logged.command_seq, made.commandSeq)) return ['command_seq', logged.command_seq, made.commandSeq];
  if (!is(Number(logged.takeover_seq), made.takeoverSeq))
    return ['takeover_seq', Number(logged.takeover_seq), made.takeoverSeq];
  if (!is(logged.risk, made.risk)) return ['risk', logged.risk, made.risk];
  if (!is(logged.residual_fraction, made.residualFraction))
    return ['residual_fraction', logged.residual_fraction, made.residualFraction];
  if (!is(logged.force, made.force)) return ['force', logged.force, made.force];
  if (!is(logged.sent, made.sent)) return ['sent', logged.sent, made.sent];
  return vectorDifference('aim', logged.aim, made.aim) ?? vectorDifference('setpoint', logged.setpoint, made.setpoint);
}

function vectorDifference(name: string, logged: Float64Array, made: Float64Array): Difference | null {
  if (logged.length !== made.length) return [`${name}.length`, logged.length, made.length];
  for (let i = 0; i < made.length; i++)
    if (!Object.is(logged[i], made[i])) return [`${name}[${i}]`, logged[i]!, made[i]!];
  return null;
}
