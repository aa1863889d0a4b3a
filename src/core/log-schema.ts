import { z } from 'zod';

/** What is recorded, where to, and within which bounds. */
export const logSchema = z.strictObject({
  enabled: z.boolean().default(true),
  dir: z.string().default('logs'),
  max_bytes: z
    .int()
    .positive()
    .default(256_000_000)
    .describe('of all files of a run together: the log stops growing here, counted and said, or lets old files go'),
  compression: z.enum(['none', 'lz4', 'zstd']).default('lz4').describe('of the chunks; every reader of MCAP reads it'),
  rotate_bytes: z.int().min(0).default(0).describe('a file that would get larger is followed by the next; 0: never'),
  rotate_s: z.number().min(0).default(0).describe('so is one that spans so much time; 0: never'),
  keep_files: z
    .int()
    .min(0)
    .default(0)
    .describe('only the newest so many files of a run are kept, older ones deleted; 0: all, until max_bytes'),
  topics: z
    .record(
      z.string(),
      z.strictObject({
        record: z.boolean().default(true).describe('images are recorded only where they are named here'),
        throttle_ms: z.int().min(0).default(0).describe('no two messages in the log are closer than this; 0: each'),
      }),
    )
    .default({})
    .describe('what of single topics goes into the log, by their names; the black box keeps all of it'),
  black_box_s: z
    .number()
    .min(0)
    .default(10)
    .describe('so much before every stop, hold or recovery goes into a file of its own, also without a log; 0: none'),
  black_box_after_s: z.number().min(0).default(5).describe('and so much after it'),
  black_box_bytes: z
    .int()
    .positive()
    .default(32_000_000)
    .describe('memory of what is kept; an older message goes first'),
  black_box_files: z.int().positive().default(50).describe('incidents of a run beyond so many are counted only'),
});

export type LogConfig = z.infer<typeof logSchema>;
