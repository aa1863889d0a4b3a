/** One course in a thread of its own (course-in-thread.ts). */
import { parentPort, workerData } from 'node:worker_threads';
import type { CourseHooks, CourseProgress } from './course.ts';
import type { NamedCourse } from './course-in-thread.ts';
import { COURSES } from './courses.ts';
import type { ThreadData } from './in-thread.ts';

/** Progress is told so often at most, ms. */
const TOLD_EVERY = 250;

const { given: course, stop } = workerData as ThreadData<NamedCourse>;
let told = { phase: '', at: 0 };
const hooks: CourseHooks = {
  signal: {
    get aborted() {
      return Atomics.load(stop, 0) !== 0;
    },
  },
  onProgress({ phase, done, of, figures }) {
    if (phase === told.phase && done < of && performance.now() - told.at < TOLD_EVERY) return;
    told = { phase, at: performance.now() };
    parentPort!.postMessage({ phase, done, of, figures: { ...figures } } satisfies CourseProgress);
  },
};
const begin = COURSES[course.name] as (given: unknown, hooks: CourseHooks) => Promise<unknown>;
parentPort!.postMessage({ outcome: await begin(course.given, hooks) });
