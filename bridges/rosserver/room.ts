import type { Conformer } from '../messages/conform.ts';
import type { Allowed } from '../serving/allow.ts';
import type { Calls } from './calls.ts';
import type { Connection } from './connection.ts';
import type { Goals } from './goals.ts';
import type { Operation } from './operation.ts';
import type { Registry } from './registry.ts';

/** What all clients of one server share. */
export interface Room {
  readonly registry: Registry;
  readonly calls: Calls;
  readonly actions: Goals;
  readonly allowed: Allowed;
  readonly conformer: Conformer;
  readonly callTimeoutMs: number;
  readonly maxMessageBytes: number;
  /** The end of the session (wall time, s) that an `auth` op opens; a string says what is wrong with it. */
  authenticate(op: Operation): number | string;
  /** Carries out what was within a fragment or a picture. */
  receive(from: Connection, text: string, depth: number): void;
  /** Called when a handler of our own process throws. */
  failed(what: string, error: unknown): void;
}
