import type { Arrived } from './soak-balance.ts';

/** What the soak and its robot, in two processes, agree on. */

/** Ways to lose a link, one after another. */
export const CUTS = ['all', 'one', 'dead', 'away'] as const;
export type Cut = (typeof CUTS)[number];

/** The robot's own count. */
export interface Tally {
  cuts: number;
  /** States: published; of those withheld from who had not taken the one before; told to nobody, or into a dead wire. */
  published: number;
  superseded: number;
  down: number;
  /** Periods in which none was published, since the robot itself was late. */
  late: number;
  /** States sent over each connection while its wire was whole. */
  sent: number[];
  /** Commands that came, by the link that they were made for. */
  commands: readonly Arrived[];
  disordered: number;
  /** Commands made before the connection that they came over: kept for a link that came back. */
  replayed: number;
  /** Largest age of a command at the robot, ms. */
  oldestMs: number;
}

/** A state says which connection it was sent over, and its number there. */
export const frameOf = (connection: number, number: number): string => `${connection}/${number}`;

/** @returns null for one that was said over no whole wire */
export function readFrame(frame: string): [connection: number, number: number] | null {
  const [connection, number] = frame.split('/').map(Number);
  return connection! >= 0 && number! >= 0 ? [connection!, number!] : null;
}

/** Wall time of this machine, from a clock that does not jump. */
export const wallMs = () => performance.timeOrigin + performance.now();
