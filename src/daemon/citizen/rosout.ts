import type { LogLevel } from '../../../bridges/rosserver/rosout.ts';
import type { LadderTransition, Mode } from '../../core/signals.ts';

/** Modes in which the robot is kept at rest because of something. */
const STOPPED: ReadonlySet<Mode> = new Set(['STOPPING', 'STOPPED', 'ESTOP', 'FAULT']);
/** Modes in which a policy moves the robot. */
const MOVING: ReadonlySet<Mode> = new Set(['ENGAGING', 'ACTIVE', 'RECOVERY']);

/** A transition of the ladder as a line of `/rosout`: a stop is an error, what takes the robot from its policy a warning. */
export function transitionLine({ from, to, cause, detail, incident }: LadderTransition): [LogLevel, string] {
  const level =
    STOPPED.has(to) && !STOPPED.has(from)
      ? 'error'
      : MOVING.has(from) && (to === 'HOLD' || to === 'RECOVERY')
        ? 'warn'
        : 'info';
  const of = incident > 0 && STOPPED.has(to) ? ` (incident ${incident})` : '';
  return [level, `${from} to ${to}: ${cause}${detail === '' ? '' : `, ${detail}`}${of}`];
}
