import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/core/paths.ts';

const VERSION = '2.1.0';
const VENV = join(packageRoot, 'node_modules/.cache/reflexarc', `roslibpy-${VERSION}`);
/** Its Python. */
export const ROSLIBPY = join(VENV, 'bin/python');

/** Makes the virtual environment once. Empty, or why there is none. */
export function prepareRoslibpy(): string {
  const has = () => {
    execFileSync(ROSLIBPY, ['-c', 'import roslibpy'], { stdio: 'ignore' });
    return '';
  };
  try {
    if (existsSync(ROSLIBPY)) return has();
  } catch {
    // An earlier attempt was cut off: once more.
  }
  try {
    mkdirSync(VENV, { recursive: true });
    execFileSync('python3', ['-m', 'venv', VENV], { stdio: 'pipe', timeout: 60_000 });
    execFileSync(ROSLIBPY, ['-m', 'pip', 'install', '-q', `roslibpy==${VERSION}`], { stdio: 'pipe', timeout: 100_000 });
    return has();
  } catch (error) {
    return String((error as { stderr?: Buffer }).stderr ?? '').trim() || (error as Error).message;
  }
}
