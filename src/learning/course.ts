import { othersTurn } from '../core/clock.ts';
import { ReflexArcError } from '../core/errors.ts';
import { portable } from '../core/paths.ts';
import { type Parts, readCheckpoint, writeCheckpoint } from './checkpoint.ts';
import { CHECKPOINT_S, commitOf, RunFolder, type RunRecord, readRun } from './run-folder.ts';

/**
 * A training that goes on by steps of its own: a pass over data, an update, an episode. Between two of them it can be stopped, saved, and
 * gone on with to the same bits. (The trainer's loop of episodes and evaluations is training.ts.)
 */
export interface Course {
  /** Steps in all, and those that were made. */
  readonly of: number;
  readonly done: number;
  /** Losses and counts; NaN before the first step. */
  readonly figures: Readonly<Record<string, number>>;
  step(): void;
  /** All that a step changes. What it only reads, the data, is made again from its seed by who goes on. */
  parts(): Parts;
}

export interface CourseProgress {
  /** In the progress line: `demonstrations`, `episodes`, `training`. */
  phase: string;
  done: number;
  of: number;
  figures: Readonly<Record<string, number>>;
}

export interface CourseHooks {
  /** Ends after the step that it is in, and saves. */
  signal?: Pick<AbortSignal, 'aborted'> | undefined;
  onProgress?: ((progress: CourseProgress) => void) | undefined;
}

export interface CourseOptions extends CourseHooks {
  /** The run's folder; none: nothing is kept. */
  folder: RunFolder | null;
  /** Of the run that goes on. */
  checkpoint?: Uint8Array | null;
  /** Steps between two words of progress; 1 without it. */
  tellEvery?: number;
  checkpointEveryS?: number;
}

/** Rows that the curve of a course has at most. */
const ROWS = 100;

/** Takes a course to its end, or until it is told to stop. Answers whether it came to its end. */
export async function follow(course: Course, options: CourseOptions): Promise<boolean> {
  const { folder, checkpoint, signal, onProgress, tellEvery = 1, checkpointEveryS = CHECKPOINT_S } = options;
  if (folder && checkpoint) readCheckpoint(checkpoint, course.parts(), `${folder.path}: its checkpoint`);
  const began = performance.now() - 1000 * (folder?.record.wall_s ?? 0);
  const wall = () => Math.round((performance.now() - began) / 100) / 10;
  const every = course.of / ROWS;
  let [rowDue, tellDue] = [course.done, course.done + tellEvery];
  let savedAt = performance.now();
  const save = (complete: boolean) => {
    folder?.checkpoint(writeCheckpoint(course.parts(), {}));
    folder?.update({ steps_done: course.done, wall_s: wall(), figures: { ...course.figures }, complete });
    savedAt = performance.now();
  };
  while (course.done < course.of && signal?.aborted !== true) {
    course.step();
    const { done, of, figures } = course;
    if (done >= rowDue || done >= of) {
      folder?.row({ kind: 'figures', wall_s: wall(), steps: done, figures: { ...figures } });
      rowDue = done + every;
    }
    if (performance.now() - savedAt > 1000 * checkpointEveryS) save(false);
    if (done < tellDue && done < of) continue;
    tellDue = done + tellEvery;
    onProgress?.({ phase: 'training', done, of, figures });
    await othersTurn();
  }
  const complete = course.done >= course.of;
  save(complete);
  return complete;
}

/** What a run of a course is, for its record. */
export interface CourseRecord extends Pick<RunRecord, 'name' | 'algorithm' | 'task' | 'seed' | 'steps' | 'command'> {
  /** All that its bits depend on beside code, seed and steps. */
  settings: Record<string, unknown>;
  /** When it began, data and all: `performance.now()`. */
  began: number;
}

/**
 * The folder of a run of a course, and where it stands. `resume`: it goes on where there is a checkpoint; to more steps, where more are asked
 * for. Where what is there was another run it begins anew `if the same` is asked for. @throws ReflexArcError RA_USAGE, else
 */
export function courseFolder(
  path: string | undefined,
  { began, settings: given, ...what }: CourseRecord,
  resume: boolean | 'if the same' = false,
): { folder: RunFolder | null; checkpoint: Uint8Array | null } {
  if (path === undefined) return { folder: null, checkpoint: null };
  // Through JSON, as it is read again: what is undefined is not there.
  const settings = portable(JSON.parse(JSON.stringify(given)));
  const record = resume === false ? null : (readRun(path)?.record ?? null);
  if (record !== null) {
    const [was, is] = [record, { ...what, settings }].map(({ name, algorithm, seed, settings }) =>
      JSON.stringify({ name, algorithm, seed, settings }),
    );
    if (was !== is && resume === true)
      throw new ReflexArcError('RA_USAGE', {
        seen: `${path}: a run of ${record.command}`,
        allowed: `to go on with it, what it was made with: ${was}`,
      });
    // One that has gone further than is asked for now is another run.
    const before = was === is && record.steps_done <= what.steps ? RunFolder.resume(path) : null;
    before?.folder.update({ steps: what.steps, complete: false });
    if (before !== null) return before;
  }
  const fresh: RunRecord = {
    ...{ ...what, settings, commit: commitOf(), node: process.version },
    started: new Date(Date.now() - (performance.now() - began)).toISOString(),
    ...{ wall_s: (performance.now() - began) / 1000, steps_done: 0, complete: false, final: null },
  };
  return { folder: new RunFolder(path, fresh), checkpoint: null };
}
