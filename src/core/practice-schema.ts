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
  publish_every: z.int().positive().default(5).describe('episodes from one version of the weights to the next'),
  keep_bytes: z
    .int()
    .positive()
    .default(500_000_000)
    .describe('of episodes, on each side; then the oldest go, and are counted'),
  checkpoint_s: positive.default(30).describe('of the learner'),
});
export type PracticeConfig = z.infer<typeof practiceSchema>;
