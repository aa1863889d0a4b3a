import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ReflexArcError } from '../core/errors.ts';
import { placed } from '../core/paths.ts';
import { type AlgorithmSpec, makeLearner } from './algorithms.ts';
import { readCheckpoint } from './checkpoint.ts';
import type { Environment } from './environment.ts';
import { type EnvironmentSpec, makeEnvironment } from './environments/registry.ts';
import type { Learner } from './learner.ts';
import { CHECKPOINT, type RunRecord, readRun } from './run-folder.ts';

export interface TrainedRun {
  record: RunRecord;
  algorithm: AlgorithmSpec;
  /** An instance of the task that it was trained on. Who calls disposes of it. */
  environment: Environment;
  /** As it was at the run's last checkpoint, critics and policy alike. */
  learner: Learner;
}

/**
 * The run of a folder, to be asked about what it learned; the folder stays as it is.
 * @throws ReflexArcError RA_USAGE without a checkpoint there, RA_WEIGHTS_UNREADABLE where it is damaged
 */
export async function trainedRun(path: string): Promise<TrainedRun> {
  const found = readRun(path);
  const file = join(path, CHECKPOINT);
  if (found === null || !existsSync(file))
    throw new ReflexArcError('RA_USAGE', {
      seen: `${path}: no training run with a checkpoint in it`,
      allowed: 'a folder that `reflexarc train residual --out` or `bench learning --out` wrote to',
    });
  const { record } = found;
  // As `settingsOf` wrote them.
  const settings = placed(record.settings) as { algorithm: AlgorithmSpec; environment: EnvironmentSpec };
  const environment = await makeEnvironment(settings.environment);
  const { learner } = makeLearner(settings.algorithm, environment);
  readCheckpoint(readFileSync(file), learner.parts(), file);
  return { record, algorithm: settings.algorithm, environment, learner };
}
