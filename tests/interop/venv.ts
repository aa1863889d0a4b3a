import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/core/paths.ts';

/** Together below the time that a hook of the system tests has. */
const MAKE_MS = 60_000;
const INSTALL_MS = 110_000;

/** A Python with packages from PyPI, for peers that are written in it. */
export interface Venv {
  readonly python: string;
  /** Makes it, once for all runs. Empty, or why there is none: the test then says so and is not run. */
  prepare(): string;
}

/** `name`: the folder, which says the versions; `packages`: as pip wants them; `imports`: what must be there in the end. */
export function venv(name: string, packages: readonly string[], imports: string): Venv {
  const folder = join(packageRoot, 'node_modules/.cache/reflexarc', name);
  const python = join(folder, 'bin/python');
  const has = () => {
    execFileSync(python, ['-c', `import ${imports}`], { stdio: 'ignore' });
    return '';
  };
  const prepare = () => {
    try {
      if (existsSync(python)) return has();
    } catch {
      // An earlier attempt was cut off: once more.
    }
    try {
      mkdirSync(folder, { recursive: true });
      execFileSync('python3', ['-m', 'venv', folder], { stdio: 'pipe', timeout: MAKE_MS });
      execFileSync(python, ['-m', 'pip', 'install', '-q', ...packages], { stdio: 'pipe', timeout: INSTALL_MS });
      return has();
    } catch (error) {
      return String((error as { stderr?: Buffer }).stderr ?? '').trim() || (error as Error).message;
    }
  };
  return { python, prepare };
}
