import { type SeenCommand, UNSTAMPED } from '../../src/core/signals.ts';
import { NO_REACH } from './action.ts';

/** Commands that are remembered: at 100 Hz ten seconds. An echo that comes later is somebody else's. */
const REMEMBERED = 1024;
/** Relative rounding that a number may have taken on its way through other machines' encodings. */
const ROUNDING = 1e-9;

/**
 * The command topic as others see it: each command that we sent comes back as an echo. An echo acknowledges; one with
 * other values was tampered with or mixed up; one that we never sent, or that comes again, has another author.
 *
 * Where commands carry positions besides their setpoint (joint/lead.ts), these are compared as well; an echo has them after it.
 *
 * NOTE a bridge need not echo. Age is judged only after a first echo on this connection; what never comes is the link's
 * own affair (ping and pong).
 *
 * A message without sequence and stamp (geometry_msgs/Twist) is known by its values, in the order in which they were
 * sent; a row of equal ones counts as one. A repetition of what was acknowledged last cannot be told from it.
 */
export class Echo {
  /** An echo has come on this connection. */
  heard = false;
  /** Since the last tick: sequence of a command that we did not send, of one with other values, of one that came again. */
  foreignSeq = -1;
  changedSeq = -1;
  repeatedSeq = -1;
  lastSentSeq = 0;
  /** Commands that we did not send, since the start of the process. */
  foreignCommands = 0;

  /** Numbers that are compared: so many of the setpoint, and all of the positions after them. */
  readonly #size: number;
  readonly #carried: number;
  readonly #epochs = new Float64Array(REMEMBERED).fill(Number.NaN);
  readonly #seqs = new Float64Array(REMEMBERED).fill(Number.NaN);
  readonly #sentNs = new Float64Array(REMEMBERED);
  readonly #setpoints: Float64Array;
  #acknowledged = 0;
  #waitingSinceNs = Number.NaN;

  constructor(carried: number, positions = 0) {
    this.#carried = carried;
    this.#size = carried + positions;
    this.#setpoints = new Float64Array(REMEMBERED * this.#size);
  }

  /** A command went out. Sequences grow for the life of the process. */
  sent(setpoint: Float64Array, epoch: number, seq: number, atNs: number, reach = NO_REACH): void {
    // REAL-TIME: at every command.
    const at = seq % REMEMBERED;
    this.#epochs[at] = epoch;
    this.#seqs[at] = seq;
    this.#sentNs[at] = atNs;
    const from = at * this.#size;
    for (let i = 0; i < this.#carried; i++) this.#setpoints[from + i] = setpoint[i]!;
    for (let i = this.#carried; i < this.#size; i++) this.#setpoints[from + i] = reach[i - this.#carried]!;
    this.lastSentSeq = seq;
    if (Number.isNaN(this.#waitingSinceNs)) this.#waitingSinceNs = atNs;
  }

  /** A command was seen on the topic. */
  observe(seen: SeenCommand): void {
    if (seen.seq === -1 && seen.stampNs === UNSTAMPED) {
      this.#observeValues(seen.setpoint);
      return;
    }
    const seq = seen.seq === -1 ? this.#sentAt(seen.stampNs) : seen.seq;
    // Of what is no sequence, there is no place: it is nobody's.
    const at = seq % REMEMBERED;
    if (this.#seqs[at] !== seq || (seen.epoch !== -1 && this.#epochs[at] !== seen.epoch)) {
      this.#foreign(seq >= 0 ? seq : 0);
      return;
    }
    this.heard = true;
    if (seq <= this.#acknowledged) {
      this.repeatedSeq = seq;
      return;
    }
    if (seen.setpoint === null || !this.#same(seen.setpoint, at)) this.changedSeq = seq;
    this.#acknowledge(seq);
  }

  #foreign(seq: number): void {
    this.foreignSeq = seq;
    this.foreignCommands++;
  }

  #acknowledge(seq: number): void {
    this.#acknowledged = seq;
    this.#waitingSinceNs = Number.NaN;
    for (let next = seq + 1; next <= this.lastSentSeq; next++) {
      if (this.#seqs[next % REMEMBERED] !== next) continue;
      this.#waitingSinceNs = this.#sentNs[next % REMEMBERED]!;
      break;
    }
  }

  /** The first command from the last acknowledged one on with these values, and all that follow it with the same. */
  #observeValues(setpoint: Float64Array | null): void {
    let seq = Math.max(this.#acknowledged, this.lastSentSeq - REMEMBERED + 1);
    while (seq <= this.lastSentSeq && !this.#wasSent(seq, setpoint)) seq++;
    if (seq > this.lastSentSeq) {
      this.#foreign(0);
      return;
    }
    this.heard = true;
    let last = seq;
    while (++seq <= this.lastSentSeq) {
      if (this.#seqs[seq % REMEMBERED] !== seq) continue;
      if (!this.#wasSent(seq, setpoint)) break;
      last = seq;
    }
    this.#acknowledge(last);
  }

  #wasSent(seq: number, setpoint: Float64Array | null): boolean {
    const at = seq % REMEMBERED;
    return setpoint !== null && this.#seqs[at] === seq && this.#same(setpoint, at);
  }

  /** Sequence of the command with this stamp; -1 when there is none. */
  #sentAt(stampNs: number): number {
    const oldest = Math.max(1, this.lastSentSeq - REMEMBERED + 1);
    for (let seq = this.lastSentSeq; seq >= oldest; seq--) {
      if (this.#seqs[seq % REMEMBERED] === seq && Math.abs(this.#sentNs[seq % REMEMBERED]! - stampNs) < 2) return seq;
    }
    return -1;
  }

  /** When this command went out; NaN for one that is none of ours, or no longer remembered. */
  sentAtNs(epoch: number, seq: number): number {
    const at = seq % REMEMBERED;
    return this.#seqs[at] === seq && this.#epochs[at] === epoch ? this.#sentNs[at]! : Number.NaN;
  }

  #same(setpoint: Float64Array, at: number): boolean {
    if (setpoint.length !== this.#size) return false;
    for (let i = 0; i < this.#size; i++) {
      const ours = this.#setpoints[at * this.#size + i]!;
      if (!(Math.abs(setpoint[i]! - ours) <= ROUNDING * Math.max(1, Math.abs(ours)))) return false;
    }
    return true;
  }

  /** ns for which the oldest command without an echo has waited; 0 when none waits, or on a bridge that does not echo. */
  age(nowNs: number): number {
    return this.heard && !Number.isNaN(this.#waitingSinceNs) ? nowNs - this.#waitingSinceNs : 0;
  }

  /** The rules have read what was wrong. */
  clearFlags(): void {
    this.foreignSeq = -1;
    this.changedSeq = -1;
    this.repeatedSeq = -1;
  }

  /** A new connection, or an arming: what was sent before is not waited for. */
  restart(): void {
    this.heard = false;
    this.#acknowledged = this.lastSentSeq;
    this.#waitingSinceNs = Number.NaN;
    this.clearFlags();
  }
}
