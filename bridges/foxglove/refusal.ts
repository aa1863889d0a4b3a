import type { Level } from './protocol.ts';

/** What a client can do wrong, by kind: each is counted, and said once to the log for each client. */
export const KINDS = [
  'not_json',
  'bad_frame',
  'unknown_op',
  'bad_field',
  'bad_message',
  'unknown_id',
  'redundant',
  'not_allowed',
  'limit',
  'oversized',
  'silent',
  'stalled',
] as const;
export type Kind = (typeof KINDS)[number];

export interface Refusal {
  readonly kind: Kind;
  /** One sentence for the client and the log: what was seen, what is allowed. */
  readonly why: string;
  /** The client knows: its call was answered as failed. */
  readonly answered?: true;
}

/** What has no consequence is a warning: the state that was wished for is there already. */
export const levelOf = ({ kind }: Refusal): Level => (kind === 'redundant' ? 'warning' : 'error');

export const refuse = (kind: Kind, why: string): Refusal => ({ kind, why });

export type Counts = Record<Kind, number>;
export const noCounts = (): Counts => Object.fromEntries(KINDS.map((kind) => [kind, 0])) as Counts;
