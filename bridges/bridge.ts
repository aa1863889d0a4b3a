import type { Observable } from 'rxjs';
import type { ErrorCode } from '../src/core/errors.ts';
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
  /** Connections that ended otherwise than by us: for commands, for states, for services and bulky topics, for the graph. */
  lost: number;
  /** Attempts at a connection that did not become one. */
  unreached: number;
  /** Calls of services of the robot that failed, were not answered in time, or were cut off. */
  callsFailed: number;
  /** Times that a topic which we listen to fell silent, or had nobody who publishes it. */
  silent: number;
  /** Times that a type, a package or the dialect was found to be another than the config says. */
  mismatched: number;
}

/** Something about the way to the robot that is wrong, and stays so until it is seen to be well again. */
export interface BridgeFault {
  readonly code: ErrorCode;
  /** A topic, a service, a package, a connection, `dialect`. */
  readonly about: string;
  readonly seen: string;
  readonly sinceNs: number;
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
  /** What stands against it now, oldest first; a bridge that can have no faults need not say so. */
  readonly faults?: readonly BridgeFault[];
  /** Starts connecting and keeps at it; resolves at the first connection, never rejects for a robot that is away. */
  open(): Promise<void>;
  send(action: SafeAction): SentCommand;
  /**
   * Calls a service of the robot.
   * @throws ReflexArcError RA_SERVICE_TIMEOUT, RA_SERVICE_FAILED (also when the link closes in mid-call)
   */
  call(service: string, type: string, args: unknown, timeoutMs: number): Promise<unknown>;
  /** Our place in the robot's own ROS graph, where it has one; what is said there never delays a command. */
  readonly graph?: RosGraph;
  close(): Promise<void>;
}

/**
 * A place in a ROS graph: a server of ours is one, and so is a connection to somebody else's. Names are global, types
 * and messages in ROS 2 spelling. Nothing is queued: who is not there does not hear it, but for the last message of a
 * latched topic.
 */
export interface RosGraph {
  /** Messages of ours that somebody who was to have them did not get, where that is counted. */
  readonly dropped?: number;
  /** Makes a topic of ours known before its first message. */
  advertise(topic: string, type: string, opts?: { latch?: boolean }): void;
  publish(topic: string, type: string, message: unknown, opts?: { latch?: boolean }): void;
  /** `client`: who said it, where that is known; 0 where it is not. What is in the message is the handler's to check. */
  onPublish(topic: string, type: string, handler: (message: unknown, client: { id: number }) => void): void;
  /** `handler` answers with the response message; what it throws is answered as a failed call. */
  advertiseService(name: string, type: string, handler: (args: unknown) => unknown | Promise<unknown>): void;
}
