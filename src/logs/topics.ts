/** Our own topics in a log, by what they hold. */
export const TOPIC = {
  journal: '/reflexarc/gate',
  tick: '/reflexarc/tick',
  decision: '/reflexarc/decision',
  transition: '/reflexarc/transition',
} as const;

/** 64 bits, as whoever decoded them has them: exact in either, for ours stay below 2^53. */
type Integer64 = bigint | number;

/** A tick as the log holds it, decoded: reflexarc_msgs/msg/TickRecord. */
export interface LoggedTick {
  epoch: Integer64;
  seq: number;
  mode: string;
  source: string;
  state_seq: number;
  state_stamp: { sec: number; nanosec: number };
  decision_seq: Integer64;
  command_seq: number;
  takeover_seq: Integer64;
  residual_fraction: number;
  risk: number;
  force: number;
  cause: string;
  value: number;
  limit: number;
  aim: Float64Array;
  setpoint: Float64Array;
  sent: boolean;
  refused: string;
  compute_us: number;
  loop_us: number;
}

/** A decision as the log holds it, decoded: reflexarc_msgs/msg/Decision. */
export interface LoggedDecision {
  epoch: Integer64;
  seq: number;
  observation_seq: number;
  observation_stamp: { sec: number; nanosec: number };
  observation_base: Float64Array;
  observation_residual: Float64Array;
  base: Float64Array;
  residual: Float64Array;
  residual_scale: number;
}

/** Calls of the gate as the log holds them: reflexarc_msgs/msg/GateJournal. */
export interface LoggedJournal {
  version: number;
  first: Integer64;
  entries: Float64Array;
}
