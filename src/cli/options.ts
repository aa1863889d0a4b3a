import { ReflexArcError } from '../core/errors.ts';

/** Parsers of option values. Each throws RA_USAGE that says what was seen and what is allowed. */

const usage = (option: string, seen: string, allowed: string): ReflexArcError =>
  new ReflexArcError('RA_USAGE', { seen: `${option} ${seen === '' ? "''" : seen}`, allowed });

/** A parser of whole numbers from `min` to `max`. */
export function whole(option: string, min: number, max: number, what: string): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw usage(option, text, `${what}, a whole number from ${min} to ${max}`);
  };
}

/** A parser of numbers that are not negative. */
export function number(option: string): (text: string) => number {
  return (text) => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (value >= 0 && value < Number.POSITIVE_INFINITY) return value;
    throw usage(option, text, 'a number, 0 or more');
  };
}

export const episodes = whole('--episodes', 1, 1_000_000, 'how many episodes to run');
export const seed = whole('--seed', 0, 0xffffffff, 'a seed');
export const port = (option: string) => whole(option, 0, 65535, 'a port; 0 takes a free one');

/** A parser of shares between 0 and 1, both excluded. */
export const share = (option: string) => (text: string) => {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (value > 0 && value < 1) return value;
  throw usage(option, text, 'a share between 0 and 1');
};

/** `real`: as a robot would run; `max`: as fast as the machine allows, in stepped time. */
export function speed(text: string): 'real' | 'max' {
  if (text === 'real' || text === 'max') return text;
  throw usage('--speed', text, '`real` or `max`');
}

/** How fast a log is played: `real` is 1; `max`, Infinity: as fast as it goes. */
export function pace(text: string): number {
  if (text === 'max') return Number.POSITIVE_INFINITY;
  const value = text === 'real' ? 1 : text.trim() === '' ? Number.NaN : Number(text);
  if (value > 0 && value < Number.POSITIVE_INFINITY) return value;
  throw usage('--speed', text, 'a number above 0, or `max`');
}

/** Collects a repeatable option. */
export const collect = (text: string, before: string[]): string[] => [...before, text];
