/** What a client can do wrong, by kind: each is counted, and said once to the log for each client. */
export const KINDS = [
  'not_json',
  'not_an_operation',
  'unknown_op',
  'bad_field',
  'bad_message',
  'bad_fragment',
  'bad_png',
  'unknown_name',
  'type_conflict',
  'not_allowed',
  'not_authenticated',
  'limit',
  'oversized',
  'bad_frame',
  'silent',
  'stalled',
] as const;
export type Kind = (typeof KINDS)[number];

export interface Refusal {
  readonly kind: Kind;
  /** One sentence for the client and the log: what was seen, what is allowed. */
  readonly why: string;
}

export const refuse = (kind: Kind, why: string): Refusal => ({ kind, why });

export type Counts = Record<Kind, number>;
export const noCounts = (): Counts => Object.fromEntries(KINDS.map((kind) => [kind, 0])) as Counts;
