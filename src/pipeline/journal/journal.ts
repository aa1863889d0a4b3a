import type { Gate } from '../../../controllers/safety/gate.ts';
import type { Guard } from '../../../controllers/safety/guard.ts';
import type { LookaheadParts } from '../../../controllers/safety/lookahead.ts';
import type { TickRecord } from '../../../controllers/safety/record.ts';
import type {
  Decision,
  OperatorRequest,
  RangeReading,
  RobotState,
  SafeAction,
  SeenCommand,
  SentCommand,
  Takeover,
} from '../../core/signals.ts';
import { ENTRY, EntryBuffer, type TickWords, VERSION } from './entry.ts';
import type { GatePort } from './port.ts';
import {
  writeDecision,
  writeEcho,
  writeNumbers,
  writeRange,
  writeReport,
  writeRequest,
  writeSent,
  writeSource,
  writeState,
  writeTakeover,
  writeTick,
} from './write.ts';

/** Numbers in the buffer at which a reader is not there, or does not keep up: 8 MB. Then they are lost, and said to be. */
const MAX_NUMBERS = 1e6;

/** Numbers that are handed over at once, unless one entry alone has more. */
export const PIECE = 32_768;

/** What takes entries over: those in `values` from `from` to `to`, and the number of the first. False: not now. */
export type TakeEntries = (values: Float64Array, from: number, to: number, first: number) => boolean;

/**
 * A gate whose every call is written down before it is made, so that the log can make it again (house rule 8). It has the
 * gate's face and changes nothing. What has a time of its own inside a tick (the deadline of the critic, the budget of the
 * guard) is written down as what it said: wrap both with `critic` and `lookahead` on their way into the gate.
 */
export class GateJournal implements GatePort {
  /** Entries that nobody took over in time. What follows cannot be made again. */
  lost = 0;
  readonly words: TickWords = {
    criticLate: false,
    guardAsked: false,
    guardWhat: 0,
    guardValue: 0,
    guardLimit: 0,
    guardNs: 0,
  };
  readonly #buffer = new EntryBuffer();
  #gate!: Gate;
  /** Number of the first entry in the buffer. */
  #first = 0;

  /** The gate that this is the journal of; called once, after the gate was made with what this wrapped. */
  keep(gate: Gate, epochBase: number): void {
    this.#gate = gate;
    writeNumbers(this.#buffer, ENTRY.birth, VERSION, epochBase);
  }

  /** Told by the critic's deadline. */
  readonly criticLate = (): void => {
    this.words.criticLate = true;
  };

  /** Notes what the guard says, and for how long it thought. */
  lookahead(parts: LookaheadParts): LookaheadParts {
    const { words } = this;
    const { guard, clock, budgetUs } = parts;
    let readNs = 0;
    let beganNs = 0;
    const noted: Guard = {
      check(setpoint, by, budget, out) {
        words.guardAsked = true;
        beganNs = readNs;
        try {
          guard.check(setpoint, by, budget, out);
        } finally {
          words.guardWhat = out.what;
          words.guardValue = out.value;
          words.guardLimit = out.limit;
        }
      },
    };
    const nowNs = () => {
      readNs = clock.nowNs();
      words.guardNs = readNs - beganNs;
      return readNs;
    };
    return { guard: noted, clock: { nowNs }, budgetUs };
  }

  /** Hands over what was written since the last time, whole entries. What is not taken waits, up to a bound. */
  flush(take: TakeEntries): void {
    // REAL-TIME: after every tick.
    const b = this.#buffer;
    let { from } = b;
    let entries = 0;
    while (from < b.count) {
      let to = from;
      let n = 0;
      do {
        to += 2 + b.values[to + 1]!;
        n++;
      } while (to < b.count && to + 2 + b.values[to + 1]! - from <= PIECE);
      if (!take(b.values, from, to, this.#first + entries)) break;
      from = to;
      entries += n;
    }
    if (b.count > MAX_NUMBERS && from < b.count) {
      this.lost += b.entries - entries;
      entries = b.entries;
      from = b.count;
    }
    if (entries === 0) return;
    this.#first += entries;
    b.drop(from, entries);
  }

  get record(): TickRecord {
    return this.#gate.record;
  }

  boot(nowNs: number): ReturnType<Gate['boot']> {
    writeNumbers(this.#buffer, ENTRY.boot, nowNs);
    return this.#gate.boot(nowNs);
  }

  ingestState(state: RobotState): void {
    writeState(this.#buffer, state);
    this.#gate.ingestState(state);
  }

  ingestRange(reading: RangeReading): void {
    writeRange(this.#buffer, reading);
    this.#gate.ingestRange(reading);
  }

  observeSource(source: number, receivedNs: number): void {
    writeSource(this.#buffer, source, receivedNs);
    this.#gate.observeSource(source, receivedNs);
  }

  ingestTarget(pose: Float64Array, receivedNs: number): void {
    writeNumbers(this.#buffer, ENTRY.target, receivedNs, ...pose);
    this.#gate.ingestTarget(pose, receivedNs);
  }

  ingestDecision(decision: Decision): void {
    writeDecision(this.#buffer, decision);
    this.#gate.ingestDecision(decision);
  }

  ingestTakeover(takeover: Takeover, nowNs: number): ReturnType<Gate['ingestTakeover']> {
    writeTakeover(this.#buffer, takeover, nowNs);
    return this.#gate.ingestTakeover(takeover, nowNs);
  }

  ingestEcho(seen: SeenCommand): void {
    writeEcho(this.#buffer, seen);
    this.#gate.ingestEcho(seen);
  }

  observeLink(up: boolean, epoch: number, nowNs: number): void {
    writeNumbers(this.#buffer, ENTRY.link, up ? 1 : 0, epoch, nowNs);
    this.#gate.observeLink(up, epoch, nowNs);
  }

  report(cause: string, detail: string, nowNs: number, action: 'stop' | 'estop' | 'fault' = 'stop'): void {
    writeReport(this.#buffer, cause, detail, nowNs, action);
    this.#gate.report(cause, detail, nowNs, action);
  }

  request(request: OperatorRequest, nowNs: number): ReturnType<Gate['request']> {
    writeRequest(this.#buffer, request, nowNs);
    return this.#gate.request(request, nowNs);
  }

  tick(nowNs: number): SafeAction | null {
    // REAL-TIME: writes numbers into a buffer that is there.
    this.words.criticLate = false;
    this.words.guardAsked = false;
    const action = this.#gate.tick(nowNs);
    writeTick(this.#buffer, nowNs, this.words);
    return action;
  }

  sent(result: SentCommand): void {
    writeSent(this.#buffer, result);
    this.#gate.sent(result);
  }
}
