import {
  initialLadder,
  type LadderEvent,
  type LadderLimits,
  type LadderState,
  reduce,
  SEVERITY,
  type Severity,
} from '../../../controllers/safety/ladder.ts';
import { MODES, type Mode, type OperatorRequest } from '../../../src/core/signals.ts';

/**
 * Explicit-state search of the real reducer (facts/safety.md 4.5): every state that any order of ticks, flags and
 * requests can reach, and every step from it, is judged by the invariants I1 to I11; L1 and L2 on the graph that results.
 * Time is in ticks; ages are capped above every limit, epochs and incidents are kept relative, so the space is finite.
 */
export type Reducer = (state: LadderState, event: LadderEvent) => LadderState;

const LIMITS: LadderLimits = {
  engageRampNs: 1,
  firstDecisionNs: 2,
  stopDwellNs: 2,
  stopTimeoutNs: 3,
  riskLow: 0.2,
  riskDwellNs: 2,
  recoveryBudget: 3,
  recoveryNs: 4,
};
const NOW = 1000;
const CAP = 6;

/** What is wrong in the world; each can come and go at any time. */
const FLAGS = ['state', 'policy', 'risk', 'link', 'limit', 'internal'] as const;
type Flag = (typeof FLAGS)[number];
const bit = (flag: Flag): number => 1 << FLAGS.indexOf(flag);
const HARD = bit('state') | bit('link') | bit('limit');

interface Node {
  ladder: LadderState;
  flags: number;
  /** Ticks in a row in RECOVERY without risk: the search's own count, to judge the dwell by. */
  calm: number;
}
interface Step {
  name: string;
  from: Node;
  event: LadderEvent | null;
  to: Node;
}
export interface Found {
  states: number;
  steps: number;
  /** Modes that were reached. */
  modes: Set<Mode>;
  /** `invariant: step` of the first violation of each invariant. */
  violations: Map<string, string>;
}

const ENGAGED: readonly Mode[] = ['ENGAGING', 'ACTIVE', 'RECOVERY'];
const RANK: Partial<Record<Mode, number>> = { ACTIVE: 0, RECOVERY: 1, STOPPING: 2, STOPPED: 3, ESTOP: 4, FAULT: 5 };

/** The verdict of the rules on the flags, as rules/*.ts give it. */
function severityOf({ ladder: { mode }, flags }: Node): Severity {
  if (flags & bit('internal')) return SEVERITY.fault;
  if (flags & HARD) return SEVERITY.stop;
  if (flags & bit('policy') && ENGAGED.includes(mode)) return SEVERITY.stop;
  return flags & bit('risk') && (mode === 'ENGAGING' || mode === 'ACTIVE') ? SEVERITY.recover : SEVERITY.pass;
}

/** Everything that can happen next, by name. The clock moves with ticks only. */
function events(node: Node): [string, LadderEvent | null, number][] {
  const { ladder, flags } = node;
  const why = { cause: 'c', detail: '', value: 0, limit: 0 };
  const out: [string, LadderEvent | null, number][] = [['boot_ok', { kind: 'boot_ok', nowNs: NOW }, flags]];
  const risk = flags & bit('risk') ? 1 : 0;
  for (const stopped of [false, true]) {
    for (const ready of [false, true]) {
      const event = { kind: 'tick', nowNs: NOW + 1, severity: severityOf(node), risk, stopped, ready, ...why } as const;
      out.push([`tick stopped=${stopped} ready=${ready}`, event, flags]);
    }
  }
  out.push(['link_changed', { kind: 'link_changed', nowNs: NOW }, flags]);
  out.push(['takeover_released', { kind: 'takeover_released', nowNs: NOW }, flags]);
  out.push(['verdict hold', { kind: 'trip', nowNs: NOW, severity: SEVERITY.hold, ...why }, flags]);
  out.push(['verdict estop', { kind: 'trip', nowNs: NOW, severity: SEVERITY.estop, ...why }, flags]);
  const clear = (flags & (HARD | bit('internal'))) === 0;
  const requests: OperatorRequest[] = [
    ...(['arm', 'engage', 'disengage', 'disarm', 'stop', 'estop', 'estop_release'] as const).map((kind) => ({ kind })),
    { kind: 'reset', incident: ladder.incident },
    { kind: 'reset', incident: ladder.incident - 1 },
  ];
  for (const request of requests) {
    const stale = request.kind === 'reset' && request.incident !== ladder.incident;
    out.push([
      stale ? 'stale reset' : request.kind,
      { kind: 'request', nowNs: NOW, request, clear, blocking: '' },
      flags,
    ]);
  }
  for (const flag of FLAGS) out.push([`toggle ${flag}`, null, flags ^ bit(flag)]);
  return out;
}

/** Brings the clock back to NOW and caps every age: states that differ only in how long ago are one. */
function normalise(ladder: LadderState, nowNs: number): LadderState {
  const age = (at: number): number => (at < 0 ? -1 : NOW - Math.min(nowNs - at, CAP));
  return {
    ...ladder,
    enteredNs: age(ladder.enteredNs),
    readyNs: age(ladder.readyNs),
    calmNs: age(ladder.calmNs),
    epoch: 10,
    incident: 10,
    cause: '',
    transition: null,
    answer: null,
  };
}
/** What tells a state from others, one number a state: each field has a base of its own. @throws RangeError where a field has no place in it: no two states may be one */
function keyOf({ ladder: l, flags, calm }: Node): number {
  let key = MODES.indexOf(l.mode);
  // Ages of 0 to CAP, and none.
  for (const at of [l.enteredNs, l.readyNs, l.calmNs]) key = digit(key, CAP + 2, at < 0 ? CAP + 1 : NOW - at);
  key = digit(key, LIMITS.recoveryBudget + 3, l.recoveries);
  key = digit(key, 2, l.estopHeld ? 1 : 0);
  key = digit(key, 2, l.booted ? 1 : 0);
  return digit(digit(key, 1 << FLAGS.length, flags), CAP + 1, calm);
}
function digit(key: number, base: number, value: number): number {
  if (!(value >= 0 && value < base)) throw new RangeError(`${value} in a state; allowed: 0 to ${base - 1}`);
  return key * base + value;
}

/** The same in words. */
const shown = ({ ladder: l, flags, calm }: Node): string =>
  [l.mode, l.enteredNs, l.readyNs, l.calmNs, l.recoveries, l.estopHeld, l.booted, flags, calm].join(' ');

/** Each invariant of a single step: true when it holds. */
const INVARIANTS: Record<string, (s: Step) => boolean> = {
  'I1 no authority after a tick with a hard fault': ({ event, from, to }) =>
    event?.kind !== 'tick' || !(from.flags & (HARD | bit('policy'))) || !ENGAGED.includes(to.ladder.mode),
  'I2 no policy after a tick with risk tripped': ({ event, from, to }) =>
    event?.kind !== 'tick' || !(from.flags & bit('risk')) || !['ENGAGING', 'ACTIVE'].includes(to.ladder.mode),
  'I3 a latched stop is left by reset only, to DISARMED, and motion begins with arm and engage': ({
    name,
    from,
    to,
  }) => {
    const [was, is] = [from.ladder.mode, to.ladder.mode];
    if (was === is || is === 'ESTOP' || is === 'FAULT') return true;
    if (was === 'STOPPED' || was === 'ESTOP') return name === 'reset' && is === 'DISARMED';
    if (was === 'STOPPING') return is === 'STOPPED';
    if (was === 'DISARMED') return name === 'arm' && is === 'HOLD';
    if (was === 'HOLD') return is === 'STOPPING' || name === (is === 'DISARMED' ? 'disarm' : 'engage');
    return was !== 'BOOT' || (name === 'boot_ok' && is === 'DISARMED');
  },
  'I4 e-stop dominates in the same step': ({ name, to }) =>
    !['estop', 'verdict estop'].includes(name) || ['ESTOP', 'FAULT'].includes(to.ladder.mode),
  'I5 FAULT is absorbing': ({ from, to }) => from.ladder.mode !== 'FAULT' || to.ladder.mode === 'FAULT',
  'I6 ESTOP is left only by a current reset, released, with causes clear': ({ name, from, to }) =>
    from.ladder.mode !== 'ESTOP' ||
    ['ESTOP', 'FAULT'].includes(to.ladder.mode) ||
    (name === 'reset' && !from.ladder.estopHeld && !(from.flags & HARD)),
  'I6b STOPPED is left only with causes clear': ({ from, to }) =>
    from.ladder.mode !== 'STOPPED' || to.ladder.mode !== 'DISARMED' || !(from.flags & HARD),
  'I7 a stale reset is inert': ({ name, from, to }) => name !== 'stale reset' || keyOf(from) === keyOf(to),
  'I8 recoveries within the budget': ({ to }) => to.ladder.recoveries <= LIMITS.recoveryBudget,
  'I9 severity falls only by reset or by a dwelled recovery exit': ({ name, from, to }) => {
    const [was, is] = [from.ladder.mode, to.ladder.mode];
    if (was === 'RECOVERY' && !(RANK[is]! >= 1)) return is === 'ENGAGING' && from.calm >= LIMITS.riskDwellNs;
    return !(RANK[was]! > (RANK[is] ?? -1)) || name === 'reset' || was === 'ACTIVE';
  },
  'I10 a commanded epoch never falls, and grows at arm, engage and reset, and where a person gives the decision back':
    ({ name, from, to }) => {
      const grown = to.ladder.epoch - from.ladder.epoch;
      if (name === 'takeover_released') return grown === (['ENGAGING', 'ACTIVE'].includes(from.ladder.mode) ? 1 : 0);
      return grown >= (['arm', 'engage', 'reset'].includes(name) && to.ladder.mode !== from.ladder.mode ? 1 : 0);
    },
  'I11 a decision given back engages nobody: a policy that had authority begins anew without, all else stays': ({
    name,
    from,
    to,
  }) => {
    if (name !== 'takeover_released') return true;
    if (!['ENGAGING', 'ACTIVE'].includes(from.ladder.mode)) return keyOf(from) === keyOf(to);
    return to.ladder.mode === 'ENGAGING' && to.ladder.readyNs < 0 && to.ladder.enteredNs === NOW;
  },
  'L2 recoveries count up, and fall at arm only': ({ name, from, to }) => {
    const entered = to.ladder.mode === 'RECOVERY' && from.ladder.mode !== 'RECOVERY';
    const more = to.ladder.recoveries - from.ladder.recoveries;
    return entered ? more === 1 : more === 0 || (more < 0 && name === 'arm');
  },
};

const invariants = Object.entries(INVARIANTS);

/** `untilFirst`: give up at the first violation. */
export function search(reducer: Reducer = reduce, untilFirst = false): Found {
  const start: Node = { ladder: normalise(initialLadder(LIMITS, 10), NOW), flags: 0, calm: 0 };
  const seen = new Map<number, Node>([[keyOf(start), start]]);
  const queue = [start];
  const into = new Map<number, number[]>();
  const found: Found = { states: 0, steps: 0, modes: new Set(), violations: new Map() };
  for (let from = queue.pop(); from !== undefined; from = queue.pop()) {
    found.modes.add(from.ladder.mode);
    if (untilFirst && found.violations.size > 0) return found;
    const fromKey = keyOf(from);
    for (const [name, event, flags] of events(from)) {
      found.steps++;
      const raw = event === null ? from.ladder : reducer(from.ladder, event);
      const nowNs = event?.kind === 'tick' ? NOW + 1 : NOW;
      const inRecovery = from.ladder.mode === 'RECOVERY' && raw.mode === 'RECOVERY';
      const quiet = inRecovery && !(from.flags & bit('risk'));
      const calm = event?.kind !== 'tick' && inRecovery ? from.calm : quiet ? Math.min(from.calm + 1, CAP) : 0;
      const unchanged = raw === from.ladder && nowNs === NOW;
      const to: Node = { ladder: unchanged ? raw : normalise(raw, nowNs), flags, calm };
      const judged: Step = { name, from, event, to: { ladder: { ...to.ladder, epoch: raw.epoch }, flags, calm } };
      for (const [invariant, holds] of invariants) {
        if (found.violations.has(invariant) || holds(judged)) continue;
        found.violations.set(invariant, `${shown(from)} --${name}--> ${shown(to)}`);
      }
      const key = keyOf(to);
      const sources = into.get(key);
      if (sources === undefined) into.set(key, [fromKey]);
      else sources.push(fromKey);
      if (seen.has(key) || raw.recoveries > LIMITS.recoveryBudget + 1) continue;
      seen.set(key, to);
      queue.push(to);
    }
  }
  found.states = seen.size;
  judgeProgress(seen, into, found);
  return found;
}

/** L1: from everywhere but FAULT, ACTIVE can be reached again. */
function judgeProgress(seen: Map<number, Node>, into: Map<number, number[]>, found: Found): void {
  const alive = new Set<number>();
  const queue = [...seen].filter(([, n]) => n.ladder.mode === 'ACTIVE').map(([key]) => key);
  for (let key = queue.pop(); key !== undefined; key = queue.pop()) {
    if (alive.has(key)) continue;
    alive.add(key);
    queue.push(...(into.get(key) ?? []));
  }
  const dead = [...seen].find(([key, n]) => n.ladder.mode !== 'FAULT' && !alive.has(key));
  if (dead) found.violations.set('L1 no dead end outside FAULT', shown(dead[1]));
}
