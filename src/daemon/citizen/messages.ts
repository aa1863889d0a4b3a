import { type Header, timeFromNs } from '../../../bridges/messages/messages.ts';
import { leaseMessage } from '../../../controllers/interfaces/lease.ts';
import type { LadderTransition } from '../../core/signals.ts';
import type { Intervention } from '../operator.ts';
import type { Observed, Status, Tick } from '../wire.ts';
import { droppedOf, type Traffic } from './traffic.ts';

/** What the daemon knows as the messages that it says: reflexarc_msgs, see bridges/messages/reflexarc-msgs.ts. */
const list = (v: Float64Array): number[] => Array.from(v);

export const decisionMessage = (header: Header, { decision: d, base, residual, residualScale }: Observed) => ({
  header,
  epoch: d.epoch,
  seq: d.seq,
  observation_seq: d.observationSeq,
  observation_stamp: timeFromNs(d.observationStampNs),
  observation_base: list(base),
  observation_residual: list(residual),
  base: list(d.base),
  residual: list(d.residual),
  residual_scale: residualScale,
});

export const tickMessage = (header: Header, t: Tick) => ({
  header,
  epoch: t.epoch,
  seq: t.seq >>> 0,
  mode: t.mode,
  source: t.source,
  state_seq: t.stateSeq,
  state_stamp: timeFromNs(t.stateStampNs),
  decision_seq: t.decisionSeq,
  command_seq: t.commandSeq,
  takeover_seq: t.takeoverSeq,
  residual_fraction: t.residualFraction,
  risk: t.risk,
  force: t.force,
  cause: t.cause,
  value: t.value,
  limit: t.limit,
  aim: list(t.aim),
  setpoint: list(t.setpoint),
  sent: t.sent,
  refused: t.refused ? 'refused' : '',
  compute_us: t.computeUs,
  loop_us: t.loopUs,
});

/** Of a tick whose command went out. */
export const commandMessage = (header: Header, t: Tick, leaseMs: number) => ({
  header,
  epoch: t.epoch,
  seq: t.commandSeq,
  lease_ms: leaseMs,
  mode: t.mode,
  source: t.source,
  tick: t.seq >>> 0,
  decision_seq: t.decisionSeq,
  takeover_seq: t.takeoverSeq,
  setpoint: list(t.setpoint),
});

export const leaseOf = (t: Tick, leaseMs: number) => leaseMessage(t.epoch, t.commandSeq, leaseMs);

export const transitionMessage = (header: Header, t: LadderTransition) => ({
  header,
  from_mode: t.from,
  to_mode: t.to,
  cause: t.cause,
  detail: t.detail,
  value: t.value,
  limit: t.limit,
  margin: t.margin,
  incident: t.incident,
  epoch: t.epoch,
});

export const interventionMessage = (header: Header, { cause, by, epoch, count }: Intervention) => ({
  header,
  epoch,
  cause,
  by,
  count,
});

/** What else `~/state` tells besides the reflex's own status. */
export interface Known {
  readonly cause: string;
  readonly detail: string;
  readonly takeover: string;
  readonly takeoversRefused: number;
  readonly takeoverRefusal: string;
  readonly traffic: Traffic;
}

/** `status`: null while there is no reflex; `last`: the newest tick, null before the first. */
export const stateMessage = (header: Header, status: Status | null, last: Tick | null, known: Known) => ({
  header,
  mode: status?.mode ?? 'BOOT',
  cause: known.cause,
  detail: known.detail,
  incident: status?.incident ?? 0,
  epoch: status?.epoch ?? 0,
  command_seq: last?.commandSeq ?? 0,
  source: status === null ? 'none' : (last?.source ?? 'none'),
  link_up: status?.linkUp ?? false,
  brain_up: status?.brainUp ?? false,
  residual_scale: status?.residualScale ?? 0,
  speed_scale: status?.speedScale ?? 0,
  takeover: known.takeover,
  takeovers_refused: known.takeoversRefused,
  takeover_refusal: known.takeoverRefusal,
  interventions: last?.interventions ?? 0,
  dropped: uint32(droppedOf(known.traffic)),
  refused: uint32(known.traffic.refused),
  turned_away: uint32(known.traffic.turnedAway),
  bridge_faults: known.traffic.faults.map(({ seen }) => seen),
});

/** A count that stays at the largest that the message holds. */
const uint32 = (count: number) => Math.min(count, 0xffff_ffff);
