import type { RunConfig } from '../config-schema.ts';
import type { Notes } from './notes.ts';
import type { Path } from './source.ts';

/** A stop takes longer than the acceleration alone says: ramps of jerk, and the way of a command, reckoned generously. */
const STOP_RAMPS = 2.5;

/** What the limits of a tip's twist ask of the rest of a run. */
export function checkTip({ robot, safety }: RunConfig, notes: Notes): void {
  const how = robot.interface;
  if (how.type !== 'tip_twist') return;
  const s = safety.tip_twist;
  const at = (key: string): Path => ['safety', 'tip_twist', key];
  const tick = 1000 / safety.control_hz;
  notes.refuse(
    !robot.sources.includes('pose'),
    ['robot', 'sources'],
    `${robot.sources.join(', ')}: a tip_twist interface needs pose, the measured pose of the tip`,
  );
  notes.refuse(
    safety.pose_box === undefined,
    ['safety'],
    'has no pose_box: the workspace of the tip, which a tip_twist interface needs',
  );
  notes.refuse(
    safety.guard !== undefined,
    ['safety', 'guard'],
    'looks ahead for Cartesian impedance and for joints; what Servo makes of a tip_twist it does not know',
  );
  notes.refuse(
    safety.tilt >= Math.PI / 2,
    ['safety', 'tilt'],
    `${safety.tilt} rad: a cone of a tip_twist interface is narrower than π/2`,
  );
  notes.refuse(
    s.reaction_ms < tick,
    at('reaction_ms'),
    `${s.reaction_ms} ms is below a control tick of ${round(tick)} ms`,
  );
  const stop = Math.max(
    s.speed / s.acceleration + (STOP_RAMPS * s.acceleration) / s.jerk,
    s.speed_rotation / s.acceleration_rotation + (STOP_RAMPS * s.acceleration_rotation) / s.jerk_rotation,
  );
  const stopMs = stop * 1000 + s.delay_ms + safety.stop_dwell_ms;
  notes.refuse(
    stopMs > safety.stop_timeout_ms,
    ['safety', 'stop_timeout_ms'],
    `${safety.stop_timeout_ms} ms is shorter than a stop from full speed, ${round(stopMs)} ms: it would end in ESTOP`,
  );
  const [move, turn] = [Math.max(...how.scale.slice(0, 3)), Math.max(...how.scale.slice(3))];
  notes.warn(
    move > s.speed,
    ['robot', 'interface', 'scale'],
    `${move} m/s is above safety.tip_twist.speed ${s.speed} m/s: full actions will always be clipped`,
  );
  notes.warn(
    turn > s.speed_rotation,
    ['robot', 'interface', 'scale'],
    `${turn} rad/s is above safety.tip_twist.speed_rotation ${s.speed_rotation} rad/s: it will be clipped`,
  );
}

const round = (v: number): number => Number(v.toPrecision(4));
