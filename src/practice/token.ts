import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ReflexArcError } from '../core/errors.ts';

/**
 * The secret that actor and learner share: the first line of a file that only its owner may read. Whoever comes first makes it; to
 * another machine it is copied. @throws ReflexArcError RA_CONFIG_INVALID for one that others can read or that is too short
 */
export function sharedToken(file: string): string {
  const own = `${file}.${process.pid}`;
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(own, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 });
    // Whole or not at all, and never over another's: both sides may start at once.
    linkSync(own, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unusable(`${file}: ${(error as Error).message}`);
  } finally {
    rmSync(own, { force: true });
  }
  const token = readFileSync(file, 'utf8').split('\n')[0]!.trim();
  if (token.length < 16) throw unusable(`${file} of ${token.length} characters`);
  if ((statSync(file).mode & 0o077) !== 0) throw unusable(`${file} can be read by others`);
  return token;
}

const unusable = (seen: string) =>
  new ReflexArcError('RA_CONFIG_INVALID', {
    seen: `practice token: ${seen}`,
    allowed: 'a file of 16 characters or more, of its owner alone (chmod 600)',
    next: 'Delete it, and the daemon or the learner makes a new one; copy that to the other machine.',
  });
