import { readLog } from '../../bridges/mcap/reader.ts';
import { commandInterface } from '../../controllers/interfaces/index.ts';
import { CLIPPED } from '../../controllers/safety/envelope.ts';
import type { TickRecord } from '../../controllers/safety/record.ts';
import { createCritic } from '../../policies/critic/registry.ts';
import type { RunConfig } from '../core/config-schema.ts';
import { ReflexArcError } from '../core/errors.ts';
import type { Command, Decision, LadderTransition, RobotState } from '../core/signals.ts';
import { ENTRY } from '../pipeline/journal/entry.ts';
import { entriesIn, readDecision, readState } from '../pipeline/journal/read.ts';
import { configOfLog } from './log-config.ts';
import { bornWith, Refold } from './refold.ts';
import { type LoggedDecision, type LoggedJournal, TOPIC } from './topics.ts';

/** Decisions of a log that are kept for the one that is asked about. */
const KEPT = 200;

/** The whole chain of one command: from what was sensed to what was sent. */
export interface Explanation {
  at_s: number;
  /** Wall time, ISO 8601. */
  wall: string;
  record: TickRecord;
  state: RobotState | null;
  /** As it reached the gate, and with the observation that it was made from; null without one. */
  decision: Decision | null;
  observed: LoggedDecision | null;
  /** The change of mode that led here, and when. */
  transition: (LadderTransition & { before_s: number }) | null;
  /** Setpoint of the command that was sent before; null for the first. */
  lastSetpoint: Float64Array | null;
  /** As it went to the bridge; null when nothing went out. */
  command: Command | null;
  leaseMs: number;
  limits: RunConfig['safety'];
}

/**
 * Makes the gate of a log again up to the first tick at or after `atS`, and tells everything about that tick.
 * @param atS s since the first message of the log
 * @throws ReflexArcError RA_USAGE for a time that is not in the log, RA_LOG_DAMAGED where the gate cannot be made again
 */
export async function explainAt(paths: readonly string[], atS: number): Promise<Explanation> {
  const { config } = await configOfLog(paths[0]!);
  const { codec } = commandInterface(config.robot);
  const critic = createCritic(config.policies.critic);
  const observed: LoggedDecision[] = [];
  let refold: Refold | null = null;
  let next = 0;
  let gapS: number | null = null;
  let firstNs: bigint | null = null;
  let endS = 0;
  let state: RobotState | null = null;
  let decision: Decision | null = null;
  let lastSetpoint: Float64Array | null = null;
  let found: Omit<Explanation, 'observed' | 'record'> | null = null;

  /** True once the tick that was asked for is complete. */
  const take = (journal: LoggedJournal, logNs: bigint): boolean => {
    let number = Number(journal.first);
    for (const entry of entriesIn(journal.entries)) {
      const base = bornWith(entry);
      if (base !== null) {
        refold = new Refold(config, critic, base);
        lastSetpoint = null;
        decision = null;
      } else if (number !== next) {
        refold = null;
        gapS ??= endS;
      }
      next = ++number;
      if (base !== null || refold === null) continue;
      if (found !== null && entry.kind !== ENTRY.sent) return true;
      if (entry.kind === ENTRY.state) state = readState(entry);
      else if (entry.kind === ENTRY.decision) decision = readDecision(entry);
      const ticked = refold.take(entry);
      if (entry.kind === ENTRY.sent) {
        if (found !== null) return true;
        if (refold.record.sent) lastSetpoint = refold.record.setpoint.slice();
      }
      if (!ticked || endS < atS) continue;
      const transition = refold.transitions.at(-1) ?? null;
      const { action, record } = refold;
      found = {
        ...{ at_s: endS, wall: new Date(Number(logNs / 1_000_000n)).toISOString(), state, lastSetpoint },
        decision: decision !== null && decision.seq === record.decisionSeq ? decision : null,
        transition: transition && { ...transition, before_s: (record.nowNs - transition.atNs) / 1e9 },
        command: action === null ? null : structuredClone(codec.encode(action)),
        ...{ leaseMs: config.safety.lease_ms, limits: config.safety },
      };
    }
    return found !== null;
  };

  for (const path of paths)
    for await (const logged of readLog(path)) {
      const { topic, logTimeNs } = logged;
      firstNs ??= logTimeNs;
      endS = Number(logTimeNs - firstNs) / 1e9;
      if (topic === TOPIC.decision) {
        observed.push(logged.message as unknown as LoggedDecision);
        if (observed.length > KEPT) observed.shift();
      } else if (topic === TOPIC.journal && take(logged.message as unknown as LoggedJournal, logTimeNs)) {
        const { record } = refold! as Refold;
        const seq = record.decisionSeq;
        return { ...found!, record, observed: observed.findLast((d) => d.seq === seq) ?? null };
      }
    }
  if (gapS !== null && endS >= atS)
    throw new ReflexArcError('RA_LOG_DAMAGED', {
      seen: `calls of the gate are missing from ${(gapS as number).toFixed(3)} s on`,
      allowed: 'a time before that',
      next: 'Ask for an earlier time, or one after the reflex was started anew.',
    });
  throw new ReflexArcError('RA_USAGE', {
    seen: `--at ${atS}`,
    allowed: `a time in s within the log, 0 to ${endS.toFixed(3)}, at which its gate ticked`,
  });
}

const numbers = (v: ArrayLike<number>, digits = 4) =>
  `[${Array.from(v, (x) => Number(x.toFixed(digits)).toString()).join(' ')}]`;
const ms = (ns: number) => `${(ns / 1e6).toFixed(2)} ms`;

/** An explanation as rows of name and text. */
export function explanationRows(e: Explanation): [string, string][] {
  const r = e.record;
  const s = e.limits;
  const rows: [string, string][] = [
    ['when', `${e.at_s.toFixed(3)} s, ${e.wall}; tick ${r.seq} of this gate`],
    ['ladder', ladder(e)],
  ];
  if (e.state === null) rows.push(['state', 'none has arrived']);
  else {
    const age = r.nowNs - e.state.receivedNs;
    rows.push([
      'state',
      `${e.state.seq}, received ${ms(age)} before the tick\ntip ${numbers(e.state.pose)}\njoints ${numbers(e.state.position)} rad\nforce ${r.force.toFixed(2)} N low-passed (soft ${s.force_soft}, limit ${s.force_limit}), tip speed ${r.speed.toFixed(4)} m/s`,
    ]);
  }
  if (e.observed !== null)
    rows.push([
      'observation',
      `${e.observed.observation_seq}\nthe base saw ${numbers(e.observed.observation_base)}\nthe residual saw ${numbers(e.observed.observation_residual)}`,
    ]);
  rows.push([
    'decision',
    e.decision === null
      ? 'none in force'
      : `${e.decision.seq}, observed ${ms(r.nowNs - e.decision.observedNs)} before the tick (allowed ${s.decision_age_ms} ms)\nbase ${numbers(e.decision.base)}\nresidual ${numbers(e.decision.residual)}${e.observed === null ? '' : `, scale ${e.observed.residual_scale}`}`,
  ]);
  rows.push(['critic', critic(e)]);
  rows.push([
    'rules',
    r.cause === '' ? 'none spoke' : `${r.cause}: ${r.value.toPrecision(5)}, limit ${r.limit.toPrecision(5)}`,
  ]);
  if (r.commandSeq === 0) {
    rows.push(['command', `none: nothing may be written in ${r.mode}`]);
    return rows;
  }
  rows.push(['source', `${r.source}, wanted ${numbers(r.aim)}`]);
  rows.push(['filter', filter(e)]);
  const step =
    e.lastSetpoint === null
      ? 'the first one'
      : `${numbers(
          r.setpoint.map((v, i) => v - e.lastSetpoint![i]!),
          6,
        )} from the last sent`;
  rows.push(['setpoint', `${numbers(r.setpoint, 6)}\n${step}`]);
  if (e.command !== null) {
    const text = JSON.stringify(e.command.message);
    rows.push([
      'sent',
      `${r.sent ? 'yes' : 'no, the bridge refused it'}: ${e.command.topic}, ${e.command.type}, epoch ${r.epoch}, sequence ${r.commandSeq}, lease ${e.leaseMs} ms\n${Buffer.byteLength(text)} bytes as JSON: ${text}`,
    ]);
  }
  return rows;
}

function ladder({ record, transition }: Explanation): string {
  if (transition === null) return `${record.mode}, epoch ${record.epoch}`;
  const { from, to, cause, detail, before_s } = transition;
  return `${record.mode}, epoch ${record.epoch}; ${from} → ${to} ${before_s.toFixed(3)} s before: ${cause}: ${detail}`;
}

function critic({ record: r, limits: s }: Explanation): string {
  if (Number.isNaN(r.riskProposed)) return 'not asked: no policy had a say';
  const { low, high, warn = low } = s.risk;
  const cut =
    r.source !== 'policy'
      ? ''
      : `\n${(100 * r.residualFraction).toFixed(0)} % of the residual was left: risk ${r.risk.toFixed(4)}`;
  return `risk of the whole proposal ${r.riskProposed.toFixed(4)}, of the base alone ${r.riskBase.toFixed(4)} (low ${low}, slowed from ${warn}, high ${high})${cut}`;
}

function filter({ record: r }: Explanation): string {
  const by = Object.entries(CLIPPED)
    .filter(([, bit]) => (r.clipped & bit) !== 0)
    .map(([name]) => name);
  const speed = r.speedScale === 1 ? '' : `, speed scale ${r.speedScale.toFixed(3)}`;
  return `${by.length === 0 ? 'let it through as it was' : `cut by ${by.join(', ')}`}${speed}; post-check ${r.refusal === 0 ? 'admits it' : `refuses it (${r.refusal})`}`;
}
