import { ReflexArcError } from '../core/errors.ts';
import { type Window, windowOf } from '../logs/window.ts';

export interface ReplayOptions {
  verify?: boolean;
  toRos?: boolean;
  inSim?: boolean;
  closedLoop?: boolean;
  from?: number;
  to?: number;
  set: string[];
  with: string[];
  json?: boolean;
  /** File for the report of what would have been. */
  html?: string;
  /** Infinity: max. */
  speed?: number;
  loop?: boolean;
  topic: string[];
  host?: string;
  port?: number;
  tokenFile?: string;
}

const MODES = { verify: '--verify', toRos: '--to-ros', inSim: '--in-sim', closedLoop: '--closed-loop' } as const;
type Mode = keyof typeof MODES | 'whatIf';

/** Options that only some modes know. */
const ONLY: readonly [option: keyof ReplayOptions, spelt: string, modes: readonly Mode[]][] = [
  ['set', '--set', ['verify', 'inSim', 'closedLoop', 'whatIf']],
  ['with', '--with', ['verify', 'closedLoop', 'whatIf']],
  ['html', '--html', ['whatIf']],
  ['speed', '--speed', ['toRos']],
  ['loop', '--loop', ['toRos']],
  ['topic', '--topic', ['toRos']],
  ['host', '--host', ['toRos']],
  ['port', '--port', ['toRos']],
  ['tokenFile', '--token-file', ['toRos']],
];

const SPELT: Record<Mode, string> = { ...MODES, whatIf: 'neither of the modes' };

/**
 * What is asked of a log, and of which part of it.
 * @throws ReflexArcError RA_USAGE for two modes at once, an option of another mode, and a stretch that cannot be
 */
export function modeOf(options: ReplayOptions): { mode: Mode; window: Window } {
  const named = (Object.keys(MODES) as (keyof typeof MODES)[]).filter((mode) => options[mode] === true);
  if (named.length > 1)
    throw new ReflexArcError('RA_USAGE', {
      seen: named.map((mode) => MODES[mode]).join(' '),
      allowed: `one of ${Object.values(MODES).join(', ')}; without it, what if`,
    });
  const mode: Mode = named[0] ?? 'whatIf';
  for (const [option, spelt, modes] of ONLY) {
    const value = options[option];
    const given = Array.isArray(value) ? value.length > 0 : value !== undefined;
    if (given && !modes.includes(mode))
      throw new ReflexArcError('RA_USAGE', {
        seen: `${spelt} with ${SPELT[mode]}`,
        allowed: `${spelt} with ${modes.map((one) => SPELT[one]).join(' or ')}`,
      });
  }
  return { mode, window: windowOf(options.from, options.to) };
}
