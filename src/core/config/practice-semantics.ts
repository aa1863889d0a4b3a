import type { RunConfig } from '../config-schema.ts';
import type { Notes } from './notes.ts';
import type { Path } from './source.ts';

/** What practice on the robot needs of the rest of a run. */
export function checkPractice({ practice, robot, policies }: RunConfig, notes: Notes): void {
  if (practice === undefined) return;
  const at = (key: string): Path => ['practice', key];
  const { type } = robot.interface;
  notes.refuse(
    type !== 'cartesian_impedance',
    ['practice'],
    `a robot of interface ${type}: what was done in place of an action is only known of cartesian_impedance`,
  );
  notes.refuse(
    policies.residual.scale === 0,
    ['policies', 'residual', 'scale'],
    '0: nothing that is learned would ever act, and practice has nothing to explore by',
  );
  notes.refuse(
    practice.reward === 'progress' && practice.progress === undefined,
    at('progress'),
    'missing: reward is progress; name the module of its critic',
  );
  notes.warn(
    practice.reward !== 'progress' && practice.progress !== undefined,
    at('progress'),
    `a critic of progress is named, but reward is ${practice.reward}: it is not asked`,
  );
}
