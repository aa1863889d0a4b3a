import { CdrCursor } from '../../bridges/mcap/cdr-cursor.ts';
import type { LogMessage } from '../../bridges/mcap/reader.ts';
import { definitionOf } from '../../bridges/messages/definitions.ts';
import type { LoggedDecision, LoggedJournal, LoggedTick } from './topics.ts';

const TICK = definitionOf('reflexarc_msgs/msg/TickRecord');
const DECISION = definitionOf('reflexarc_msgs/msg/Decision');
const JOURNAL = definitionOf('reflexarc_msgs/msg/GateJournal');

/**
 * The messages that a replay reads by the thousand a second, each into an object that is there: the next of its kind writes
 * over it. A log whose definitions are not those of this version is decoded by its own, to the same values.
 */
export class OwnMessages {
  readonly #cursor = new CdrCursor();
  readonly #entries = { values: new Float64Array(1024) };
  readonly #journal: LoggedJournal & { count: number } = {
    version: 0,
    first: 0,
    entries: this.#entries.values,
    count: 0,
  };
  readonly #tick: LoggedTick = {
    ...{ epoch: 0, seq: 0, mode: '', source: '', state_seq: 0, state_stamp: { sec: 0, nanosec: 0 } },
    ...{ decision_seq: 0, command_seq: 0, takeover_seq: 0, residual_fraction: 0, risk: 0, force: 0 },
    ...{ cause: '', value: 0, limit: 0, aim: new Float64Array(0), setpoint: new Float64Array(0) },
    ...{ sent: false, refused: '', compute_us: 0, loop_us: 0 },
  };
  readonly #decision: LoggedDecision = {
    ...{ epoch: 0, seq: 0, observation_seq: 0, observation_stamp: { sec: 0, nanosec: 0 } },
    ...{ observation_base: new Float64Array(0), observation_residual: new Float64Array(0) },
    ...{ base: new Float64Array(0), residual: new Float64Array(0), residual_scale: 0 },
  };

  tick(logged: LogMessage): LoggedTick {
    return logged.by(TICK, this.#cursor, this.#readTick) ?? (logged.message as unknown as LoggedTick);
  }

  decision(logged: LogMessage): LoggedDecision {
    return logged.by(DECISION, this.#cursor, this.#readDecision) ?? (logged.message as unknown as LoggedDecision);
  }

  /** `count` of `entries` are of this message. */
  journal(logged: LogMessage): LoggedJournal & { count: number } {
    const read = logged.by(JOURNAL, this.#cursor, this.#readJournal);
    if (read !== undefined) return read;
    const journal = logged.message as unknown as LoggedJournal;
    return { ...journal, count: journal.entries.length };
  }

  // In the order of their definitions, bridges/messages/reflexarc-msgs.ts.
  readonly #readTick = (c: CdrCursor): LoggedTick => {
    const t = this.#tick;
    skipHeader(c);
    t.epoch = c.uint64();
    t.seq = c.uint32();
    t.mode = c.text(t.mode);
    t.source = c.text(t.source);
    t.state_seq = c.uint32();
    readTime(c, t.state_stamp);
    t.decision_seq = c.int64();
    t.command_seq = c.uint32();
    t.takeover_seq = c.int64();
    t.residual_fraction = c.float64();
    t.risk = c.float64();
    t.force = c.float64();
    t.cause = c.text(t.cause);
    t.value = c.float64();
    t.limit = c.float64();
    t.aim = c.float64s(t.aim);
    t.setpoint = c.float64s(t.setpoint);
    t.sent = c.bool();
    t.refused = c.text(t.refused);
    t.compute_us = c.float64();
    t.loop_us = c.float64();
    return t;
  };

  readonly #readDecision = (c: CdrCursor): LoggedDecision => {
    const d = this.#decision;
    skipHeader(c);
    d.epoch = c.uint64();
    d.seq = c.uint32();
    d.observation_seq = c.uint32();
    readTime(c, d.observation_stamp);
    d.observation_base = c.float64s(d.observation_base);
    d.observation_residual = c.float64s(d.observation_residual);
    d.base = c.float64s(d.base);
    d.residual = c.float64s(d.residual);
    d.residual_scale = c.float64();
    return d;
  };

  readonly #readJournal = (c: CdrCursor): LoggedJournal & { count: number } => {
    const j = this.#journal;
    skipHeader(c);
    j.version = c.uint32();
    j.first = c.uint64();
    j.count = c.float64sInto(this.#entries);
    j.entries = this.#entries.values;
    return j;
  };
}

function skipHeader(c: CdrCursor): void {
  c.uint32();
  c.uint32();
  c.skipText();
}

function readTime(c: CdrCursor, into: { sec: number; nanosec: number }): void {
  // int32 in ROS 2; no log of ours was recorded before 1970.
  into.sec = c.uint32() | 0;
  into.nanosec = c.uint32();
}
