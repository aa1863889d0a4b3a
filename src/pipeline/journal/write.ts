import type {
  Decision,
  OperatorRequest,
  RangeReading,
  RobotState,
  SeenCommand,
  SentCommand,
  Takeover,
} from '../../core/signals.ts';
import { ACTIONS, ENTRY, type EntryBuffer, REFUSALS, REQUESTS, type TickWords } from './entry.ts';

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
