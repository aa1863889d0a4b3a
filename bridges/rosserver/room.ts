import type { Registry } from './registry.ts';

/** A rosbridge v2 operation as a client sent it: any field may be anything. */
export type Operation = Readonly<Record<string, unknown>>;

/** What all clients of one server share. */
export interface Room {
  readonly registry: Registry;
  readonly callTimeoutMs: number;
  /** Called when a handler of our own process throws. */
  failed(what: string, error: unknown): void;
}
