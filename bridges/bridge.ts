import type { Observable } from 'rxjs';
import type { SafeAction, SensorFrame, SentCommand } from '../src/core/signals.ts';

/** State of the way to the robot. `OPEN` is not a promise that anybody listens: freshness is judged by data. */
export interface LinkState {
  readonly up: boolean;
  /** Grows by one at every connection. A new epoch ends everything that was decided before. */
  readonly epoch: number;
  readonly atNs: number;
  /** Why it went down; empty while up. */
  readonly reason: string;
}

export interface BridgeCounters {
  framesIn: number;
  malformed: number;
  /** Whole, and nobody had asked for it: late answers, topics not subscribed, words of the server. */
  unexpected: number;
  commandsSent: number;
  commandsRefused: number;
  reconnects: number;
}

/**
 * One world. The daemon, the simulation and the replay differ only in their bridge and clock.
 *
 * NOTE `send` never queues: what cannot go out now is refused and counted (house rule 3).
 */
export interface Bridge {
  readonly name: string;
  /** Hot. Messages in ROS 2 spelling. */
  readonly frames$: Observable<SensorFrame>;
  /** Replays the latest state to a new subscriber. */
  readonly link$: Observable<LinkState>;
  readonly counters: Readonly<BridgeCounters>;
  /** Starts connecting and keeps at it; resolves at the first connection, never rejects for a robot that is away. */
  open(): Promise<void>;
  send(action: SafeAction): SentCommand;
  /**
   * Calls a service of the robot.
   * @throws ReflexArcError RA_SERVICE_TIMEOUT, RA_SERVICE_FAILED (also when the link closes in mid-call)
   */
  call(service: string, type: string, args: unknown, timeoutMs: number): Promise<unknown>;
  close(): Promise<void>;
}
