import type { RunConfig } from '../config-schema.ts';
import type { Notes } from './notes.ts';

const AXES = ['x', 'y', 'z'] as const;
const round = (v: number): number => Number(v.toPrecision(4));

/** Boxes, the world in them, and how far and how fast a policy asks to go. */
export function checkSpace({ robot, safety, task }: RunConfig, notes: Notes): void {
  const { pose_box: box, target_box: near, approach } = safety;
  const impedance = robot.interface.type === 'cartesian_impedance';
  notes.warn(approach !== undefined && !impedance, ['safety', 'approach'], 'is heeded by cartesian_impedance only');
  if (!box) return;
  for (const [i, axis] of AXES.entries()) {
    const [min, max] = [box.min[i]!, box.max[i]!];
    notes.refuse(min >= max, ['safety', 'pose_box', 'min'], `crosses max on ${axis}: ${min} m is not below ${max} m`);
    if (near) {
      const [a, b] = [near.min[i]!, near.max[i]!];
      notes.refuse(a >= b, ['safety', 'target_box', 'min'], `crosses max on ${axis}: ${a} m is not below ${b} m`);
    }
    if (!task.world) continue;
    const hole = task.world.hole_nominal[i]!;
    const half = task.world.hole_range[i] ?? 0;
    notes.refuse(
      min < max && (hole - half < min || hole + half > max),
      ['task', 'world', 'hole_nominal'],
      `${axis} = ${hole} ± ${half} m leaves safety.pose_box [${min}, ${max}] m: the task cannot be done`,
    );
  }
  if (robot.interface.type !== 'cartesian_impedance') return;
  const step = robot.interface.position_scale;
  notes.warn(
    step * task.decision_hz > safety.speed * 1.0001,
    ['robot', 'interface', 'position_scale'],
    `${step} m × ${task.decision_hz} Hz asks for ${round(step * task.decision_hz)} m/s, above safety.speed ${safety.speed} m/s`,
  );
  notes.warn(
    approach !== undefined && approach.speed >= safety.speed,
    ['safety', 'approach', 'speed'],
    `${approach?.speed} m/s is not below safety.speed ${safety.speed} m/s: it slows nothing`,
  );
  notes.warn(
    approach !== undefined && approach.distance <= safety.reference_limit,
    ['safety', 'approach', 'distance'],
    `${approach?.distance} m is not above safety.reference_limit ${safety.reference_limit} m: the robot may still be behind its setpoint when it touches`,
  );
  notes.warn(
    step > safety.reference_limit,
    ['robot', 'interface', 'position_scale'],
    `${step} m is above safety.reference_limit ${safety.reference_limit} m: full actions will always be clipped`,
  );
}
