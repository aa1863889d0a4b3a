import { readFile } from 'node:fs/promises';
import { join, normalize } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { ReflexArcError } from '../../core/errors.ts';

/** Of metadata.yaml, what we need: the files of the bag in their order. */
const METADATA = z.object({
  rosbag2_bagfile_information: z.object({
    relative_file_paths: z.array(z.string().regex(/\.(db3|mcap)$/, 'no .db3 and no .mcap: decompress it first')).min(1),
  }),
});

/** The files of a bag of rosbag2, by its metadata.yaml. @throws ReflexArcError RA_LOG_DAMAGED where it does not say them */
export async function filesOfBag(folder: string): Promise<string[]> {
  const path = join(folder, 'metadata.yaml');
  try {
    const { relative_file_paths } = METADATA.parse(parse(await readFile(path, 'utf8'))).rosbag2_bagfile_information;
    const files = relative_file_paths.map((file) => normalize(join(folder, file)));
    const outside = files.find((file) => !file.startsWith(normalize(join(folder, '/'))));
    if (outside !== undefined) throw new RangeError(`${outside} is outside the bag`);
    return files;
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : (cause as Error).message;
    throw new ReflexArcError('RA_LOG_DAMAGED', {
      seen: `${path}: ${why}`,
      allowed: 'the metadata.yaml of a rosbag2 folder',
      next: 'Name the .db3 or .mcap file itself, or `ros2 bag reindex` the folder.',
      cause,
    });
  }
}
