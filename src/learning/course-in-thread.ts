import type { CourseProgress } from './course.ts';
import type { CourseGiven, CourseName, CourseOutcome } from './courses.ts';
import { inThread } from './in-thread.ts';

export interface NamedCourse<Name extends CourseName = CourseName> {
  name: Name;
  given: CourseGiven<Name>;
}

export interface CourseThreadHooks {
  onProgress?(progress: CourseProgress): void;
  /** Ends after the step that it is in, and saves. */
  signal?: AbortSignal;
}

/** A course in a thread. Rejects with what it threw. */
export function courseInThread<Name extends CourseName>(
  name: Name,
  given: CourseGiven<Name>,
  { onProgress, signal }: CourseThreadHooks = {},
): Promise<CourseOutcome<Name>> {
  return inThread<NamedCourse<Name>, CourseProgress, CourseOutcome<Name>>(
    'course-thread',
    { name, given },
    { onMessage: (progress) => onProgress?.(progress), signal },
  );
}
