import { z } from 'zod';

/**
 * The `task.observation` section: which fields of which topics become the numbers that the policies see, and how. The
 * paths in it are read by src/pipeline/observation, which holds them against the message definitions.
 */
const finite = z.number();
const positive = finite.positive();
const numbers = z.union([finite, z.array(finite).min(1)]);

/** Bounds (house rule 9): a policy that wants more is a mistake in a range. */
export const MAX_HISTORY = 64;
export const MAX_IMAGE_SIDE = 4096;

/** How a rotation is written; see src/pipeline/observation/rotation.ts for each. */
export const ROTATIONS = ['quat_xyzw', 'quat_wxyz', 'rot6d', 'rot6d_rows', 'axis_angle', 'euler_rpy'] as const;
export type RotationForm = (typeof ROTATIONS)[number];

/** Units that a source may be in, and their size in SI. */
export const UNIT_SIZES = {
  deg: Math.PI / 180,
  rpm: Math.PI / 30,
  mm: 1e-3,
  cm: 1e-2,
  ms: 1e-3,
  us: 1e-6,
  ns: 1e-9,
  percent: 1e-2,
} as const;
const UNITS = Object.keys(UNIT_SIZES) as [keyof typeof UNIT_SIZES, ...(keyof typeof UNIT_SIZES)[]];

const normaliseSchema = z
  .strictObject({
    mean: z.array(finite).min(1).optional(),
    std: z.array(finite.min(0)).min(1).optional(),
    min: z.array(finite).min(1).optional(),
    max: z.array(finite).min(1).optional(),
    statistics: z
      .string()
      .min(1)
      .optional()
      .meta({ 'x-relative-to': 'file', description: 'JSON file with mean and std, or min and max' }),
    key: z.string().optional().describe('where in the file, e.g. `observation.state`; without it, the whole file'),
    mode: z.enum(['mean_std', 'min_max']).optional().describe('which of the two a statistics file is used for'),
    floor: finite.min(0).default(0).describe('a smaller std or half range counts as this'),
  })
  .refine(
    ({ mean, std, min, max, statistics }) =>
      [
        mean !== undefined || std !== undefined,
        min !== undefined || max !== undefined,
        statistics !== undefined,
      ].filter(Boolean).length === 1 &&
      (mean === undefined) === (std === undefined) &&
      (min === undefined) === (max === undefined),
    'one of three: mean and std, min and max, or a statistics file',
  )
  .describe('(x − mean) / std, or min to max onto [-1, 1]');

const featureSchema = z.strictObject({
  name: z.string().min(1).optional().describe('what complaints call it; its path without it'),
  from: z
    .string()
    .regex(/^\/[^.]+\../, 'a topic and a field, like `/ee_pose.pose.position`')
    .describe('`/topic.field.field`; elements of an array by index or joint name: `[0..6]`, `[joint1..7]`, `[*]`'),
  minus: z
    .string()
    .regex(/^\/[^.]+\../, 'a topic and a field, like `/hole_estimate.pose.position`')
    .optional()
    .describe('relative to this field of the same shape; of rotations, the one that is left'),
  unit: z.enum(UNITS).optional().describe('unit of the source, where it is not SI; turned into SI'),
  rotation: z.enum(ROTATIONS).default('quat_xyzw').describe('how a quaternion is given to the policy'),
  quaternion_sign: z
    .enum(['as_sent', 'w_positive'])
    .default('as_sent')
    .describe('q and -q are one rotation; w_positive chooses'),
  low_pass_hz: positive.optional().describe('first-order filter at the rate of the topic'),
  scale: numbers.optional().describe('factor, one or one an element, after unit and rotation'),
  offset: numbers.optional().describe('added after scale'),
  normalise: normaliseSchema.optional(),
  history: z.int().min(1).max(MAX_HISTORY).default(1).describe('values of so many observations, oldest first'),
});

const vectorSchema = z.strictObject({
  features: z.array(featureSchema).min(1).describe('in the order of the vector'),
  normalise: normaliseSchema.optional().describe('of the whole vector'),
  history: z.int().min(1).max(MAX_HISTORY).default(1).describe('whole vectors of so many observations, oldest first'),
});

const topicSchema = z.strictObject({
  type: z.string().optional().describe('`pkg/msg/Type`, for a topic that neither robot nor task names'),
  sync: z
    .enum(['hold', 'nearest', 'interpolate'])
    .default('hold')
    .describe('the latest, or by stamp: the one nearest to the state, or between the two around it'),
  max_age_ms: z
    .union([positive, z.literal('none')])
    .default(100)
    .describe('older, or further from the stamp of the state, is missing; none: of what is said once'),
  delay_ms: finite.min(0).default(0).describe('by stamp: look at the time so long before the state'),
});

const imageSchema = z.strictObject({
  name: z.string().min(1),
  topic: z.string().startsWith('/').describe('its type, Image or CompressedImage, stands under topics'),
  width: z.int().min(1).max(MAX_IMAGE_SIDE).default(224),
  height: z.int().min(1).max(MAX_IMAGE_SIDE).default(224),
  channels: z
    .union([z.literal(1), z.literal(3)])
    .default(3)
    .describe('1: grey or depth; 3: RGB'),
  fit: z.enum(['contain', 'cover', 'fill']).default('contain').describe('pad with black, crop, or stretch'),
  range: z
    .tuple([finite, finite])
    .refine(([lo, hi]) => lo < hi, 'lower bound not below upper bound')
    .optional()
    .describe('of depth images, m: becomes 0 to 255'),
});

export const observationSchema = z.strictObject({
  topics: z.record(z.string().startsWith('/'), topicSchema).default({}).describe('type and time of each topic used'),
  extra_joints: z
    .array(z.string())
    .default([])
    .describe('joints that the robot publishes beside those of robot.joints, e.g. of a gripper'),
  base: vectorSchema.describe('what the base policy sees'),
  residual: vectorSchema.optional().describe('what the residual sees; without it, what the base sees'),
  images: z.array(imageSchema).default([]),
});

export type ObservationConfig = z.infer<typeof observationSchema>;
export type VectorConfig = z.infer<typeof vectorSchema>;
export type FeatureConfig = z.infer<typeof featureSchema>;
export type NormaliseConfig = z.infer<typeof normaliseSchema>;
export type ObservedTopicConfig = z.infer<typeof topicSchema>;
export type ImageConfig = z.infer<typeof imageSchema>;
