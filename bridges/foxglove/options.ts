import { type Clock, MonotonicClock } from '../../src/core/clock.ts';
import type { Counts } from './refusal.ts';
import type { OnMessage } from './room.ts';

export interface FoxgloveServerOptions {
  /** What viewers show as the name of the source. */
  name: string;
  host?: string;
  /** 0 takes a free one. */
  port: number;
  logger?: { warn(fields: object, message: string): void };
  /** Of how often the log is told the same. */
  clock?: Clock;
  maxMessageBytes?: number;
  maxClients?: number;
  /** A service that is silent for so long is answered for, as failed. */
  callTimeoutMs?: number;
  /** A viewer that leaves a ping unanswered for so long is gone. */
  pingMs?: number;
  /** Web pages that may connect, as origins, besides pages of this machine. */
  origins?: readonly string[];
  /** Viewers must bring it with the handshake (`?token=…` in their address); null: everybody may look. */
  token?: string | null;
  /** Topics and services that viewers may use, as globs. */
  allow?: { subscribe: readonly string[]; call: readonly string[]; publish: readonly string[] };
  /** Told of the messages that viewers publish. Without it they may publish none. */
  onMessage?: OnMessage | null;
  tls?: { cert: string | Buffer; key: string | Buffer } | null;
  /** True: times are of a clock of the caller's, and it tells them by `time`; false: wall time. */
  simulatedTime?: boolean;
}

export const DEFAULTS = {
  host: '127.0.0.1',
  logger: { warn: () => {} },
  clock: new MonotonicClock(),
  maxMessageBytes: 1_000_000,
  maxClients: 16,
  callTimeoutMs: 10_000,
  pingMs: 5000,
  origins: [],
  token: null,
  allow: { subscribe: ['*'], call: ['*'], publish: [] },
  onMessage: null,
  tls: null,
  simulatedTime: false,
} as const;

export interface FoxgloveCounters {
  /** Viewers taken, and turned away for their number, origin, token or subprotocol. */
  clients: number;
  turnedAway: number;
  /** What was refused: all of it, and by kind. */
  malformed: number;
  refused: Counts;
  /** Messages that slow viewers did not get, of viewers that have left. */
  dropped: number;
  /** Messages of ours that could not be written. */
  failed: number;
}
