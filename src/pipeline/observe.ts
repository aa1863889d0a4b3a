/**
 * When a decision is due: at the first state of each decision period of the *source's* time. A pure function of the
 * stamp, so that brain, reflex and replay agree on it without talking.
 */
export function decisionIndex(stampNs: number, decisionHz: number): number {
  return Math.floor((stampNs * decisionHz) / 1e9 + 1e-6);
}
