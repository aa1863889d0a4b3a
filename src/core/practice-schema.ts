import { z } from 'zod';
import { fileHere } from './file-here.ts';

const positive = z.number().positive();

/** The `practice` section of a run file: the residual goes on learning on the robot, in a process of its own (`reflexarc learn`). */
export const practiceSchema = z.strictObject({
  dir: z
    .string()
    .default('practice')
    .describe('token, episodes and weights: actor/ is of the daemon, learner/ of the learner'),
  learner: z
    .string()
    .regex(/^wss?:\/\/[^/]+$/, 'ws://host:port')
    .default('ws://127.0.0.1:8790')
    .describe('where the learner listens'),
  token_file: fileHere(
    'the secret that daemon and learner share; <dir>/token without it, made by whoever comes first',
  ).optional(),
  reward: z
    .enum(['success', 'label', 'progress'])
    .default('success')
    .describe("the task's own word, a person's (service ~/label), or a critic of progress"),
  progress: fileHere('module whose default export is a critic of progress: {name, compare(before, now)}').optional(),
  label_wait_s: positive
    .default(60)
    .describe('a person may label an episode for so long after its end; then it is not used'),
  stuck: z
    .strictObject({ distance: positive.describe('m'), seconds: positive })
    .optional()
    .describe('an episode in which the tip has stayed within the distance for so long is cut short'),
  held_out_every: z
    .int()
    .min(2)
    .default(10)
    .describe('each so many episodes one is without noise, kept from the learner, and judges its weights'),
  risk_margin: z
    .number()
    .min(0)
    .max(1)
    .default(0.02)
    .describe("new weights are refused whose risk on held-out moments is above that of today's by more"),
  block: z.int().min(5).default(20).describe('episodes after which the residual is compared with its best'),
  publish_every: z.int().positive().default(5).describe('episodes from one version of the weights to the next'),
  keep_bytes: z
    .int()
    .positive()
    .default(500_000_000)
    .describe('of episodes, on each side; then the oldest go, and are counted'),
  checkpoint_s: positive.default(30).describe('of the learner'),
});
export type PracticeConfig = z.infer<typeof practiceSchema>;
