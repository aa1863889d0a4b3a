import { z } from 'zod';
import { fileHere } from './file-here.ts';

const positive = z.number().positive();
const range = z
  .tuple([z.number(), z.number()])
  .refine(([lo, hi]) => lo <= hi, 'lower bound above upper bound')
  .describe('[min, max]');

/** Quality of service of ROS 2, for bridge servers that know the field (rosbridge_suite since 2026); others ignore it. */
const qosSchema = z.strictObject({
  history: z.enum(['keep_last', 'keep_all']).optional(),
  depth: z.int().positive().optional(),
  reliability: z.enum(['reliable', 'best_effort', 'best_available']).optional(),
  durability: z.enum(['volatile', 'transient_local', 'best_available']).optional(),
  deadline: positive.optional().describe('s'),
  lifespan: positive.optional().describe('s'),
});

export const subscriptionSchema = z.strictObject({
  compression: z
    .enum(['none', 'png', 'cbor', 'cbor-raw'])
    .optional()
    .describe('none: JSON, for joint-sized messages; cbor or cbor-raw for large arrays'),
  throttle_ms: z
    .int()
    .min(0)
    .optional()
    .describe(
      'the server sends no two messages closer than this; 0: each. By default each state; what is bulky, at twice the rate at which it is looked at',
    ),
  queue_length: z.int().positive().optional().describe('newest messages that the server keeps for us; 1'),
  fragment_bytes: z.int().positive().optional().describe('the server cuts messages above this'),
  bulky: z
    .boolean()
    .optional()
    .describe('comes over the connection for services, never before a state; images do unless told otherwise'),
  sporadic: z
    .boolean()
    .optional()
    .describe('it speaks now and then: that nothing comes for silence_ms means nothing, and is not reported'),
  qos: qosSchema.optional(),
});

export const bridgeSchema = z.strictObject({
  type: z.string().default('rosbridge'),
  url: z
    .string()
    .regex(/^wss?:\/\//, 'a ws:// or wss:// address')
    .default('ws://127.0.0.1:9090'),
  ros_version: z
    .union([z.literal(1), z.literal(2), z.literal('auto')])
    .default(2)
    .describe('auto: asked of rosapi at the start; without an answer the link stays down'),
  ping_ms: positive.default(100),
  backoff_ms: range.default([100, 2000]),
  silence_ms: positive
    .default(5000)
    .describe(
      'a topic that says nothing for so long is reported, and subscribed anew; where all states end at once, over a fresh connection',
    ),
  max_message_bytes: z.int().positive().default(1_000_000),
  max_bulky_bytes: z.int().positive().default(16_000_000).describe('of a message of a bulky topic, or an answer'),
  token_file: fileHere('a file with the token that the server wants, as `Authorization: Bearer …`').optional(),
  ca_file: fileHere('for wss: certificate authorities to trust, PEM').optional(),
  verify: z.boolean().default(true).describe('compare topics and types with rosapi at each connection'),
  topics: z
    .record(z.string(), subscriptionSchema)
    .default({})
    .describe('how single topics are subscribed, by their names'),
});

export type BridgeConfig = z.infer<typeof bridgeSchema>;
export type SubscriptionConfig = z.infer<typeof subscriptionSchema>;
