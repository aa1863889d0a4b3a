import { writeFileSync } from 'node:fs';
import { readLadderPage } from '../console/ladder-page.ts';
import { ReflexArcError } from '../core/errors.ts';

/** `reflexarc ladder --html FILE`: the ladder's page as one file that needs no server. Returns the exit code. */
export function ladder(file: string): number {
  const { html, digest } = readLadderPage();
  try {
    writeFileSync(file, html);
  } catch (cause) {
    throw new ReflexArcError('RA_USAGE', {
      seen: `--html ${file}: ${(cause as Error).message}`,
      allowed: 'a file that can be written',
      cause,
    });
  }
  process.stdout.write(`${file}: the ladder, sha256 ${digest}\n`);
  return 0;
}
