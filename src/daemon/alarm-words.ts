/** The memory that an alarm and its thread share: int32 words. */
export const ALARM = {
  /** 1 from the first deadline on. */
  started: 0,
  /** The next deadline, µs modulo 2³²: differences of less than half an hour are right. */
  deadlineUs: 1,
  /** 1 from a ring until it was heard: a main thread that is busy finds one ring, not a heap of them. */
  rung: 2,
  /** Nobody writes it: what the thread waits on while it sleeps. */
  sleep: 3,
  count: 4,
} as const;

export interface AlarmThreadData {
  words: Int32Array;
  periodUs: number;
  /** Rings so much before the deadline. */
  leadUs: number;
}

/** ns as µs modulo 2³². */
export const microseconds = (ns: number): number => (ns / 1e3) | 0;
