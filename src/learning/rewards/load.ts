import { pathToFileURL } from 'node:url';
import { ReflexArcError } from '../../core/errors.ts';
import type { ProgressCritic } from './progress.ts';

/** A critic of progress from a module of the user's: its default export. @throws ReflexArcError RA_CONFIG_INVALID for what is none */
export async function loadProgressCritic(file: string): Promise<ProgressCritic> {
  let made: unknown;
  try {
    made = ((await import(pathToFileURL(file).href)) as { default?: unknown }).default;
  } catch (cause) {
    throw unusable(`${file}: ${(cause as Error).message}`, cause);
  }
  const critic = made as Partial<ProgressCritic> | null | undefined;
  if (typeof critic?.name === 'string' && typeof critic.compare === 'function') return critic as ProgressCritic;
  throw unusable(`${file}: its default export is no critic of progress`);
}

const unusable = (seen: string, cause?: unknown) =>
  new ReflexArcError('RA_CONFIG_INVALID', {
    seen: `practice.progress: ${seen}`,
    allowed: 'a module whose default export is {name, compare(before, now)}, which answers {progress, done}',
    cause,
  });
