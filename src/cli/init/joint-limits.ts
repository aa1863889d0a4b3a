import { readFileSync } from 'node:fs';
import { parse, type ScalarTag } from 'yaml';
import { z } from 'zod';
import { ReflexArcError } from '../../core/errors.ts';

const finite = z.number();
const jointSchema = z.looseObject({
  has_position_limits: z.boolean().optional(),
  min_position: finite.optional(),
  max_position: finite.optional(),
  has_velocity_limits: z.boolean().optional(),
  max_velocity: finite.optional(),
  has_acceleration_limits: z.boolean().optional(),
  max_acceleration: finite.optional(),
  has_jerk_limits: z.boolean().optional(),
  max_jerk: finite.optional(),
  has_effort_limits: z.boolean().optional(),
  max_effort: finite.optional(),
});

/** What joint_limits.yaml of MoveIt or ros2_control says of a joint, where it says that it has that limit. */
export interface JointLimits {
  readonly position: readonly [number, number] | undefined;
  readonly velocity: number | undefined;
  readonly acceleration: number | undefined;
  readonly jerk: number | undefined;
  readonly effort: number | undefined;
}

/** `!degrees 90`, as Universal Robots' files have it. */
const degrees: ScalarTag = {
  tag: '!degrees',
  resolve: (text) => (Number(text) * Math.PI) / 180,
};
const radians: ScalarTag = { tag: '!radians', resolve: (text) => Number(text) };

/** By joint name. @throws ReflexArcError RA_CONFIG_MISSING, RA_CONFIG_PARSE */
export function readJointLimits(file: string): ReadonlyMap<string, JointLimits> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new ReflexArcError('RA_CONFIG_MISSING', { seen: `${file}: ${code}`, allowed: 'a joint_limits.yaml', cause });
  }
  const refuse = (seen: string): never => {
    throw new ReflexArcError('RA_CONFIG_PARSE', {
      seen: `${file}: ${seen}`,
      allowed: '`joint_limits: { joint: { has_velocity_limits: true, max_velocity: 1.0, … } }`, as MoveIt has it',
    });
  };
  let content: unknown;
  try {
    content = parse(text, { customTags: [degrees, radians] });
  } catch (error) {
    return refuse((error as Error).message.split('\n')[0]!);
  }
  const parsed = z.looseObject({ joint_limits: z.record(z.string(), jointSchema) }).safeParse(content);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return refuse(`${issue?.path.join('.')}: ${issue?.message}`);
  }
  return new Map(
    Object.entries(parsed.data.joint_limits).map(([name, j]) => [
      name,
      {
        position:
          j.has_position_limits === true && j.min_position !== undefined && j.max_position !== undefined
            ? [j.min_position, j.max_position]
            : undefined,
        velocity: j.has_velocity_limits === true ? j.max_velocity : undefined,
        acceleration: j.has_acceleration_limits === true ? j.max_acceleration : undefined,
        jerk: j.has_jerk_limits === true ? j.max_jerk : undefined,
        effort: j.has_effort_limits === true ? j.max_effort : undefined,
      },
    ]),
  );
}
