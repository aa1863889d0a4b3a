import type { DiagnosticArray, DiagnosticStatus, Header } from '../../../bridges/messages/messages.ts';
import { isEngaged } from '../../../controllers/safety/ladder.ts';
import type { PracticeReport } from '../practice-door.ts';
import type { Status } from '../wire.ts';
import type { TimingReport } from './timing.ts';
import { droppedOf, type Growing, type Traffic } from './traffic.ts';
import type { Trip } from './trips.ts';

/** diagnostic_msgs/DiagnosticStatus. STALE: it is not known, because the part that would know does not speak. */
export const LEVEL = { ok: 0, warn: 1, error: 2, stale: 3 } as const;
type Level = (typeof LEVEL)[keyof typeof LEVEL];

/** What the observer knows, at one moment. */
export interface Health {
  /** Null while there is no reflex. */
  readonly status: Status | null;
  /** Cause and sentence of the last change of mode. */
  readonly cause: string;
  readonly detail: string;
  /** Rules that the config has switched off. */
  readonly rulesOff: readonly string[];
  /** Address of the robot's bridge, and why the link to it is down; empty while it is up. */
  readonly bridge: string;
  readonly linkReason: string;
  /** Since the last decision, ms; NaN before the first. And how old one may be. */
  readonly decisionMs: number;
  readonly decisionAgeMs: number;
  readonly timing: TimingReport;
  /** NaN where it was not judged. */
  readonly risk: number;
  readonly riskLow: number;
  readonly riskHigh: number;
  readonly log: { readonly path: string; readonly bytes: number; readonly dropped: number; readonly stopped: string };
  readonly takeover: string;
  readonly takeoversRefused: number;
  /** Why one was refused within the last seconds; empty when none was. */
  readonly takeoverRefusal: string;
  readonly traffic: Traffic;
  /** Which of its counts have grown within the last seconds. */
  readonly growing: Growing;
  readonly trips: readonly Trip[];
  /** Where the residual goes on learning; null while its process is not there. */
  readonly practice?: PracticeReport | null;
}

/** What one part says of itself: level, sentence, and numbers by name. */
type Said = readonly [level: Level, message: string, values?: Readonly<Record<string, string | number>>];

const round = (v: number): string => String(Number(v.toPrecision(4)));

function link({ status, bridge, linkReason }: Health): Said {
  if (status === null) return [LEVEL.stale, 'the reflex does not tell'];
  const values = { bridge, epoch: status.linkEpoch };
  if (status.linkUp) return [LEVEL.ok, 'up', values];
  return [LEVEL.error, `no link to the robot${linkReason === '' ? '' : `: ${linkReason}`}`, values];
}

/**
 * What the link does not hang on: connections for the rest, topics, types, and the server's own words; as observer, reflex,
 * brain and sentinel each find them on their own.
 */
function bridge({ traffic, growing }: Health): Said {
  const { bridge: counts, faults, bridges } = traffic;
  const { lost, unreached, silent, mismatched, malformed, unexpected, callsFailed, commandsRefused } = counts;
  const values = {
    ...{ 'connections lost': lost, 'connections not made': unreached, 'topics silent': silent },
    ...{ 'types mismatched': mismatched, malformed, unexpected, 'calls failed': callsFailed },
    ...{ 'commands refused': commandsRefused, ...bridges },
    ...Object.fromEntries(faults.map(({ about, seen }) => [about, seen])),
  };
  const [first] = faults;
  if (first !== undefined)
    return [LEVEL.warn, faults.length === 1 ? first.seen : `${faults.length} faults: ${first.seen}; …`, values];
  const now = (['malformed', 'unexpected'] as const).filter((name) => growing.has(name));
  if (now.length > 0) return [LEVEL.warn, now.map((name) => `${counts[name]} ${name} messages`).join(', '), values];
  return [LEVEL.ok, 'every topic as the config says', values];
}

/** Our words to others, and theirs to us: a WARN while the counts grow. */
function ros({ traffic, growing }: Health): Said {
  const { droppedByServer, droppedByView, droppedByGraph, refused, refusedBy, turnedAway, failed } = traffic;
  const values = {
    ...{ 'dropped by our server': droppedByServer, 'dropped for viewers': droppedByView },
    ...{ "dropped on the robot's graph": droppedByGraph, 'operations refused': refused },
    ...{ 'clients turned away': turnedAway, 'handlers failed': failed },
    ...Object.fromEntries(Object.entries(refusedBy).map(([kind, times]) => [`refused: ${kind}`, times])),
  };
  const now = [
    growing.has('dropped') && `${droppedOf(traffic)} messages dropped`,
    growing.has('refused') && `${refused} operations refused`,
    growing.has('turned away') && `${turnedAway} clients turned away`,
    growing.has('failed') && `${failed} handlers failed`,
  ].filter((text) => text !== false);
  return now.length > 0 ? [LEVEL.warn, now.join(', '), values] : [LEVEL.ok, 'all that was said went out', values];
}

function brain({ status, decisionMs, decisionAgeMs }: Health): Said {
  if (status === null) return [LEVEL.stale, 'the reflex does not tell'];
  const values = { 'last decision, ms ago': round(decisionMs) };
  if (!status.brainUp) return [LEVEL.error, 'the process is gone', values];
  if (decisionMs <= decisionAgeMs) return [LEVEL.ok, 'decides', values];
  return [LEVEL.warn, `no decision for more than ${decisionAgeMs} ms`, values];
}

function reflex({ status, timing }: Health): Said {
  const { ticks, overruns, periodMs, latenessMs, computeMs, silentMs } = timing;
  const values = {
    'ticks in window': ticks,
    'overruns in window': overruns,
    'period, ms': round(periodMs),
    'worst lateness, ms': round(latenessMs),
    'worst tick, ms': round(computeMs),
  };
  if (status === null) return [LEVEL.error, 'the process is gone', values];
  if (ticks === 0) return [LEVEL.stale, `no tick for ${round(silentMs)} ms`, values];
  if (overruns > 0) return [LEVEL.warn, `${overruns} ticks more than two periods after the one before`, values];
  return [LEVEL.ok, 'in time', values];
}

function critic({ status, cause, risk, riskLow, riskHigh }: Health): Said {
  if (status === null) return [LEVEL.stale, 'the reflex does not tell'];
  const { mode } = status;
  const values = { risk: round(risk), low: riskLow, high: riskHigh };
  if (cause === 'critic_invalid' && (mode === 'STOPPING' || mode === 'STOPPED'))
    return [LEVEL.error, 'it answered with no risk', values];
  if (!(risk >= 0)) {
    if (isEngaged(mode)) return [LEVEL.error, 'no risk, though a policy has a say', values];
    return [LEVEL.ok, `not asked in ${mode}`, values];
  }
  // A critic that sees a danger is well: what comes of it, the ladder says.
  return risk > riskLow ? [LEVEL.warn, `risk ${round(risk)} above ${riskLow}`, values] : [LEVEL.ok, 'low risk', values];
}

/** Stops that a person asked for: nothing is wrong. */
const ASKED = ['disengage', 'operator_stop'];

function ladder({ status, cause, detail, rulesOff }: Health): Said {
  if (status === null) return [LEVEL.stale, 'the reflex does not tell'];
  const { mode, incident, epoch } = status;
  const values = { mode, cause, detail, incident, epoch, 'rules off': rulesOff.join(', ') };
  const text = `${mode}: ${detail || cause}`;
  if (mode === 'ESTOP' || mode === 'FAULT') return [LEVEL.error, text, values];
  if (mode === 'STOPPING' || mode === 'STOPPED')
    return [ASKED.includes(cause) ? LEVEL.warn : LEVEL.error, text, values];
  return [mode === 'RECOVERY' || mode === 'BOOT' ? LEVEL.warn : LEVEL.ok, text, values];
}

function log({ log: { path, bytes, dropped, stopped } }: Health): Said {
  const values = { path, bytes, dropped };
  if (path === '') return [LEVEL.ok, 'not recording', values];
  if (stopped === 'disk') return [LEVEL.error, 'the disk takes no more', values];
  if (stopped === 'size') return [LEVEL.warn, 'full: log.max_bytes', values];
  return dropped > 0 ? [LEVEL.warn, `${dropped} messages lost`, values] : [LEVEL.ok, 'recording', values];
}

function takeover({ status, takeover: who, takeoversRefused, takeoverRefusal }: Health): Said {
  if (status === null) return [LEVEL.stale, 'the reflex does not tell'];
  const values = { by: who, refused: takeoversRefused };
  if (takeoverRefusal !== '') return [LEVEL.warn, `refused: ${takeoverRefusal}`, values];
  return [LEVEL.ok, who === '' ? 'the policy decides' : `${who} decides`, values];
}

function practice({ practice: report }: Health): Said {
  if (!report) return [LEVEL.error, 'the process is gone'];
  const { learner, last, ...values } = report;
  const told = { ...values, last };
  if (!learner.up) return [LEVEL.warn, `no learner, ${values.waiting} episodes wait: ${learner.why}`, told];
  return [LEVEL.ok, `${values.phase}, version ${values.version}`, told];
}

function trip({ level, standing, cause, detail, count }: Trip): Said {
  const values = { cause, count };
  if (!standing) return [LEVEL.ok, `over; the last one: ${detail}`, values];
  return [level === 'warn' ? LEVEL.warn : LEVEL.error, detail, values];
}

const PARTS: readonly (readonly [name: string, says: (health: Health) => Said])[] = [
  ['link', link],
  ['bridge', bridge],
  ['brain', brain],
  ['reflex', reflex],
  ['critic', critic],
  ['ladder', ladder],
  ['log', log],
  ['takeover', takeover],
  ['ros', ros],
];

/**
 * `/diagnostics`: a status for each part, and one for each cause that has tripped since the daemon began, as long as it
 * stands ERROR (WARN for a hold or a recovery), afterwards OK.
 *
 * @param node the name before each part, `reflexarc: link`
 * @param hardware what it is about: the robot's name
 */
export function diagnose(header: Header, health: Health, node: string, hardware: string): DiagnosticArray {
  const status = (name: string, [level, message, values = {}]: Said): DiagnosticStatus => ({
    level,
    name: `${node}: ${name}`,
    message,
    hardware_id: hardware,
    values: Object.entries(values).map(([key, value]) => ({ key, value: String(value) })),
  });
  return {
    header,
    status: [
      ...PARTS.map(([name, says]) => status(name, says(health))),
      ...(health.practice === undefined ? [] : [status('practice', practice(health))]),
      ...health.trips.map((one) => status(`trip ${one.cause}`, trip(one))),
    ],
  };
}

/** Which part stands how: two of the same are the same news. */
export const newsOf = ({ status }: DiagnosticArray): string => status.map((s) => `${s.name} ${s.level}`).join();
