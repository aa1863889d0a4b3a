/** What the soak and its robot, in two processes, agree on. */

/** Ways to lose a link, one after another. */
export const CUTS = ['all', 'one', 'dead', 'away'] as const;
export type Cut = (typeof CUTS)[number];

/** The robot's own count. */
export interface Tally {
  states: number;
  cuts: number;
  received: number;
  duplicates: number;
  /** Commands made before the connection that they came over: kept for a link that came back. */
  replayed: number;
  disordered: number;
  /** Largest age of a command at the robot, ms. */
  oldestMs: number;
}

/** Wall time of this machine, from a clock that does not jump. */
export const wallMs = () => performance.timeOrigin + performance.now();
