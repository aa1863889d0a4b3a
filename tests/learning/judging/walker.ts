import { join } from 'node:path';
import { packageRoot } from '../../../src/core/paths.ts';
import { readScores } from '../../../src/learning/judging/evaluation-file.ts';

/** The published example of AdaStop as it is shipped (its examples/walker1…5.csv, MIT licence, rounded); five of each are one interim. */
export const WALKER_FILE = 'configs/examples/adastop-walker.csv';

export const WALKER: Readonly<Record<string, readonly number[]>> = Object.fromEntries(
  readScores(join(packageRoot, WALKER_FILE), 'return').map(({ name, scores }) => [name, scores]),
);
