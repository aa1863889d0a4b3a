import type { Gate } from '../../../controllers/safety/gate.ts';

/**
 * Everything that can change a gate, and what it says of each tick. A gate is a fold over these calls: the same calls in
 * the same order, with the same arguments, give the same bits. Who holds a port may hold a gate, or the journal of one.
 */
export type GatePort = Pick<
  Gate,
  | 'boot'
  | 'ingestState'
  | 'ingestRange'
  | 'observeSource'
  | 'ingestTarget'
  | 'ingestDecision'
  | 'ingestTakeover'
  | 'ingestEcho'
  | 'observeLink'
  | 'report'
  | 'request'
  | 'tick'
  | 'sent'
  | 'record'
>;
