import { timeFromNs } from '../messages/messages.ts';

/** rcl_interfaces/msg/Log */
export const LOG_TYPE = 'rcl_interfaces/msg/Log';
export const LOG_LEVELS = { debug: 10, info: 20, warn: 30, error: 40, fatal: 50 } as const;
export type LogLevel = keyof typeof LOG_LEVELS;

/** A line of `/rosout`. `ns`: wall time. */
export function logMessage(level: LogLevel, name: string, msg: string, ns: number): object {
  return { stamp: timeFromNs(ns), level: LOG_LEVELS[level], name, msg, file: '', function: '', line: 0 };
}
