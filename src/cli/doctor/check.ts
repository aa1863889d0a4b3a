export type Status = 'ok' | 'warn' | 'fail';

/** One thing that was looked at. */
export interface Check {
  readonly name: string;
  readonly status: Status;
  readonly seen: string;
  /** What to do; empty when all is well. */
  readonly next: string;
}

export const ok = (name: string, seen: string): Check => ({ name, status: 'ok', seen, next: '' });
export const warn = (name: string, seen: string, next: string): Check => ({ name, status: 'warn', seen, next });
export const fail = (name: string, seen: string, next: string): Check => ({ name, status: 'fail', seen, next });
