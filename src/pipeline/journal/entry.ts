import type {
  Decision,
  OperatorRequest,
  RangeReading,
  RefusedBecause,
  RobotState,
  SeenCommand,
  SentCommand,
  Takeover,
} from '../../core/signals.ts';
import type { GatePort } from './port.ts';

/**
 * One call of a gate as numbers: `kind · size of what follows · arguments`. Everything is a float64, so that no bit of an
 * argument is lost; a text is its length and its UTF-16 units. The layout is part of the log (`/reflexarc/gate`): a change
 * of it is a new VERSION.
 */
export const VERSION = 1;

export const ENTRY = {
  /** A gate was made: `version · epoch base`. What came before belongs to another one. */
  birth: 0,
  boot: 1,
  state: 2,
  range: 3,
  source: 4,
  target: 5,
  decision: 6,
  echo: 7,
  link: 8,
  report: 9,
  request: 10,
  tick: 11,
  sent: 12,
  takeover: 13,
} as const;

const ACTIONS = ['stop', 'estop', 'fault'] as const;
const REQUESTS = [
  'arm',
  'engage',
  'disengage',
  'disarm',
  'stop',
  'estop',
  'estop_release',
  'reset',
  'residual_scale',
  'speed_scale',
] as const satisfies readonly OperatorRequest['kind'][];
const REFUSALS = [
  'not_connected',
  'backpressure',
  'expired',
  'closed',
  'unacknowledged',
  'not_finite',
] as const satisfies readonly RefusedBecause[];

/** What a tick was told by things that have a time of their own: not to be made again, so they are kept. */
export interface TickWords {
  /** The critic answered too late (policies/critic/in-time.ts). */
  criticLate: boolean;
  /** The guard was asked; its answer, and the ns that it took. */
  guardAsked: boolean;
  guardWhat: number;
  guardValue: number;
  guardLimit: number;
  guardNs: number;
}

/** Numbers that entries are written into, one after another. Grows, and keeps its memory. */
export class EntryBuffer {
  values = new Float64Array(4096);
  count = 0;
  /** Entries in it. */
  entries = 0;
  #head = 0;

  begin(kind: number): void {
    this.#head = this.count;
    this.put(kind);
    this.put(0);
  }

  put(value: number): void {
    if (this.count === this.values.length) this.#grow(this.count + 1);
    this.values[this.count++] = value;
  }

  all(values: ArrayLike<number>, n = values.length): void {
    if (this.count + n > this.values.length) this.#grow(this.count + n);
    for (let i = 0; i < n; i++) this.values[this.count++] = values[i]!;
  }

  text(text: string): void {
    this.put(text.length);
    for (let i = 0; i < text.length; i++) this.put(text.charCodeAt(i));
  }

  end(): void {
    this.values[this.#head + 1] = this.count - this.#head - 2;
    this.entries++;
  }

  /** Forgets the first `entries` entries, which are the first `count` numbers. */
  drop(count: number, entries: number): void {
    this.values.copyWithin(0, count, this.count);
    this.count -= count;
    this.entries -= entries;
  }

  #grow(atLeast: number): void {
    const grown = new Float64Array(Math.max(atLeast, 2 * this.values.length));
    grown.set(this.values);
    this.values = grown;
  }
}

// ---- writing --------------------------------------------------------------------------------------------------------

export function writeState(b: EntryBuffer, s: RobotState): void {
  b.begin(ENTRY.state);
  b.put(s.seq);
  b.put(s.stampNs);
  b.put(s.receivedNs);
  b.put(s.position.length);
  b.all(s.position);
  b.all(s.velocity);
  b.all(s.effort);
  b.all(s.pose);
  b.all(s.twist);
  b.all(s.wrench);
  b.end();
}

export function writeRange(b: EntryBuffer, r: RangeReading): void {
  b.begin(ENTRY.range);
  for (const v of [r.sensor, r.stampNs, r.receivedNs, r.beams, r.invalid, r.count]) b.put(v);
  b.all(r.points, 2 * r.count);
  b.end();
}

export function writeDecision(b: EntryBuffer, d: Decision): void {
  b.begin(ENTRY.decision);
  for (const v of [d.epoch, d.seq, d.observationSeq, d.observationStampNs, d.observedNs, d.expiresNs]) b.put(v);
  b.put(d.base.length);
  b.all(d.base);
  b.put(d.residual.length);
  b.all(d.residual);
  b.end();
}

export function writeTakeover(b: EntryBuffer, t: Takeover, nowNs: number): void {
  b.begin(ENTRY.takeover);
  for (const v of [nowNs, t.holder, t.epoch, t.seq, t.commandSeq, t.release ? 1 : 0]) b.put(v);
  b.put(t.action.length);
  b.all(t.action);
  b.end();
}

export function writeEcho(b: EntryBuffer, seen: SeenCommand): void {
  b.begin(ENTRY.echo);
  for (const v of [seen.epoch, seen.seq, seen.stampNs]) b.put(v);
  b.put(seen.setpoint === null ? -1 : seen.setpoint.length);
  if (seen.setpoint !== null) b.all(seen.setpoint);
  b.end();
}

export function writeReport(
  b: EntryBuffer,
  cause: string,
  detail: string,
  nowNs: number,
  action: (typeof ACTIONS)[number],
): void {
  b.begin(ENTRY.report);
  b.put(nowNs);
  b.put(ACTIONS.indexOf(action));
  b.text(cause);
  b.text(detail);
  b.end();
}

export function writeRequest(b: EntryBuffer, request: OperatorRequest, nowNs: number): void {
  b.begin(ENTRY.request);
  b.put(nowNs);
  b.put(REQUESTS.indexOf(request.kind));
  const { incident, value } = request as { incident?: unknown; value?: unknown };
  const argument = request.kind === 'reset' ? incident : value;
  // What is not a number is refused by the gate, and so is NaN.
  b.put(typeof argument === 'number' ? argument : Number.NaN);
  b.end();
}

export function writeTick(b: EntryBuffer, nowNs: number, w: TickWords): void {
  b.begin(ENTRY.tick);
  b.put(nowNs);
  b.put(w.criticLate ? 1 : 0);
  b.put(w.guardAsked ? 1 : 0);
  b.put(w.guardWhat);
  b.put(w.guardValue);
  b.put(w.guardLimit);
  b.put(w.guardNs);
  b.end();
}

export function writeSent(b: EntryBuffer, s: SentCommand): void {
  b.begin(ENTRY.sent);
  b.put(s.sent ? 1 : 0);
  b.put(s.refused === null ? -1 : REFUSALS.indexOf(s.refused));
  b.put(s.epoch);
  b.put(s.seq);
  b.put(s.sentNs);
  b.end();
}

export function writeSource(b: EntryBuffer, source: number, receivedNs: number): void {
  b.begin(ENTRY.source);
  b.put(source);
  b.put(receivedNs);
  b.end();
}

/** An entry whose arguments are plain numbers. */
export function writeNumbers(b: EntryBuffer, kind: number, ...values: readonly number[]): void {
  b.begin(kind);
  for (const v of values) b.put(v);
  b.end();
}

// ---- reading --------------------------------------------------------------------------------------------------------

/** An entry as it lies in an array. */
export interface Entry {
  readonly kind: number;
  readonly at: number;
  readonly size: number;
  readonly values: Float64Array;
}

/** The entries in `values`, in order. @throws RangeError for numbers that are no entries */
export function* entriesIn(values: Float64Array): Generator<Entry> {
  for (let at = 0; at < values.length; ) {
    const kind = values[at]!;
    const size = values[at + 1]!;
    if (!Number.isInteger(size) || size < 0 || at + 2 + size > values.length)
      throw new RangeError(`an entry of kind ${kind} that says ${size} numbers, ${values.length - at - 2} are left`);
    yield { kind, at: at + 2, size, values };
    at += 2 + size;
  }
}

export function readState({ values: v, at }: Entry): RobotState {
  const n = v[at + 3]!;
  let from = at + 4;
  const vector = (size: number) => {
    from += size;
    return v.slice(from - size, from);
  };
  return {
    seq: v[at]!,
    stampNs: v[at + 1]!,
    receivedNs: v[at + 2]!,
    position: vector(n),
    velocity: vector(n),
    effort: vector(n),
    pose: vector(7),
    twist: vector(6),
    wrench: vector(6),
  };
}

export function readDecision({ values: v, at }: Entry): Decision {
  const n = v[at + 6]!;
  const m = v[at + 7 + n]!;
  return {
    epoch: v[at]!,
    seq: v[at + 1]!,
    observationSeq: v[at + 2]!,
    observationStampNs: v[at + 3]!,
    observedNs: v[at + 4]!,
    expiresNs: v[at + 5]!,
    base: v.slice(at + 7, at + 7 + n),
    residual: v.slice(at + 8 + n, at + 8 + n + m),
  };
}

function readTakeover({ values: v, at }: Entry): Takeover {
  return {
    holder: v[at + 1]!,
    epoch: v[at + 2]!,
    seq: v[at + 3]!,
    commandSeq: v[at + 4]!,
    release: v[at + 5] === 1,
    action: v.slice(at + 7, at + 7 + v[at + 6]!),
  };
}

export function readRequest({ values: v, at }: Entry): OperatorRequest {
  const kind = REQUESTS[v[at + 1]!]!;
  if (kind === 'reset') return { kind, incident: v[at + 2]! };
  if (kind === 'residual_scale' || kind === 'speed_scale') return { kind, value: v[at + 2]! };
  return { kind };
}

export function readSent({ values: v, at }: Entry): SentCommand {
  const sent = v[at] === 1;
  return { sent, refused: REFUSALS[v[at + 1]!] ?? null, epoch: v[at + 2]!, seq: v[at + 3]!, sentNs: v[at + 4]! };
}

export function readTickWords({ values: v, at }: Entry): TickWords {
  return {
    criticLate: v[at + 1] === 1,
    guardAsked: v[at + 2] === 1,
    guardWhat: v[at + 3]!,
    guardValue: v[at + 4]!,
    guardLimit: v[at + 5]!,
    guardNs: v[at + 6]!,
  };
}

function readText(v: Float64Array, at: number): string {
  return String.fromCharCode(...v.subarray(at + 1, at + 1 + v[at]!));
}

/** Makes the call that an entry stands for, on a gate. Ticks, `sent` and births are the caller's: they have results. */
export function makeCall(gate: GatePort, entry: Entry): void {
  const { kind, values: v, at } = entry;
  switch (kind) {
    case ENTRY.boot:
      gate.boot(v[at]!);
      break;
    case ENTRY.state:
      gate.ingestState(readState(entry));
      break;
    case ENTRY.range:
      gate.ingestRange({
        sensor: v[at]!,
        stampNs: v[at + 1]!,
        receivedNs: v[at + 2]!,
        beams: v[at + 3]!,
        invalid: v[at + 4]!,
        count: v[at + 5]!,
        points: v.slice(at + 6, at + 6 + 2 * v[at + 5]!),
      });
      break;
    case ENTRY.source:
      gate.observeSource(v[at]!, v[at + 1]!);
      break;
    case ENTRY.target:
      gate.ingestTarget(v.slice(at + 1, at + 8), v[at]!);
      break;
    case ENTRY.decision:
      gate.ingestDecision(readDecision(entry));
      break;
    case ENTRY.takeover:
      gate.ingestTakeover(readTakeover(entry), v[at]!);
      break;
    case ENTRY.echo: {
      const n = v[at + 3]!;
      const setpoint = n < 0 ? null : v.slice(at + 4, at + 4 + n);
      gate.ingestEcho({ epoch: v[at]!, seq: v[at + 1]!, stampNs: v[at + 2]!, setpoint });
      break;
    }
    case ENTRY.link:
      gate.observeLink(v[at] === 1, v[at + 1]!, v[at + 2]!);
      break;
    case ENTRY.report: {
      const cause = readText(v, at + 2);
      gate.report(cause, readText(v, at + 3 + cause.length), v[at]!, ACTIONS[v[at + 1]!]);
      break;
    }
    case ENTRY.request:
      gate.request(readRequest(entry), v[at]!);
      break;
  }
}
