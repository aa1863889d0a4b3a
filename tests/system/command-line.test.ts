import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';

// The built program, as a user starts it; what its commands say is in tests/cli/command-line.test.ts.
const MAIN = join(packageRoot, 'dist/src/cli/main.js');
const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string };

function reflexarc(...args: string[]): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });
  return { code: status, stdout, stderr };
}

describe('the program', () => {
  it('ends with the exit code of its command, and keeps what is for people and what is for scripts apart', () => {
    expect(reflexarc('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
    const { code, stdout, stderr } = reflexarc('demo', '--speed', '2x', '--json');
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'RA_USAGE', seen: '--speed 2x' } });
    expect(stderr).toMatch(/^error RA_USAGE\n/);
  });

  it('goes on to its end when the reader of its output goes away', async () => {
    const out = mkdtempSync(join(tmpdir(), 'reflexarc-train-'));
    try {
      const child = spawn(process.execPath, [MAIN, 'train', 'bc', '--episodes', '4', '--epochs', '1', '--out', out], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let stderr = '';
      child.stderr.on('data', (d) => {
        stderr += d;
      });
      child.stdout.destroy();
      const code = await new Promise((resolve) => child.once('close', resolve));
      expect([code, stderr]).toEqual([0, '']);
      expect(existsSync(join(out, 'base.safetensors'))).toBe(true);
    } finally {
      rmSync(out, { recursive: true, force: true });
    }
  });
});
