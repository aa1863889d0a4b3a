import type { Conformer } from '../messages/conform.ts';
import type { Channels } from './channels.ts';
import type { ConnectionGraph } from './graph.ts';
import type { Parameters } from './parameters.ts';
import type { Services } from './services.ts';

/** A message of a viewer, on a topic that it may publish. `type` in long spelling. Throws for what cannot be passed on. */
export type OnMessage = (topic: string, type: string, message: Record<string, unknown>, client: { id: number }) => void;

/** What all viewers of one server share. */
export interface Room {
  readonly channels: Channels;
  readonly services: Services;
  readonly graph: ConnectionGraph;
  readonly parameters: Parameters;
  readonly conformer: Conformer;
  /** Whether a viewer may publish the topic; null: none may publish any. */
  readonly mayPublish: ((topic: string) => boolean) | null;
  readonly onMessage: OnMessage;
}
