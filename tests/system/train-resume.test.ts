import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import { cli, MAIN } from './harness.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'reflexarc-resume-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const last = (text: string) => JSON.parse(text.trimEnd().split('\n').at(-1)!);

/** `train` with Ctrl-C when its progress line says `seen`. */
function interrupted(args: string[], seen: RegExp): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [MAIN, 'train', ...args], { cwd: packageRoot });
  const said = { stdout: '', stderr: '' };
  let told = false;
  child.stdout.on('data', (text) => {
    said.stdout += text;
  });
  child.stderr.on('data', (text) => {
    said.stderr += text;
    // A second one would end it at once.
    if (!told && seen.test(said.stderr)) told = child.kill('SIGINT');
  });
  return new Promise((done) => child.once('close', (code) => done({ code, ...said })));
}

describe.each<[kind: string, args: string[], steps: string, all: number]>([
  ['base', ['bc', '--episodes', '10'], '--epochs', 400],
  ['critic', ['critic', '--episodes', '20', '--method', 'differences'], '--updates', 1200],
])('train %s', (kind, args, steps, count) => {
  const all = (out: string) => [...args, steps, String(count), '--seed', '1', '--json', '--out', join(dir, kind, out)];
  const run = (out: string) => JSON.parse(readFileSync(join(dir, kind, out, `runs/${kind}/run.json`), 'utf8'));

  it('saves at Ctrl-C, and goes on to the weights of one that was not ended; `runs` lists both', async () => {
    const whole = await cli(['train', ...all('whole')]);
    expect(whole.code, whole.stderr).toBe(0);
    expect(run('whole')).toMatchObject({ name: kind, complete: true, steps: count, steps_done: count });

    const half = await interrupted(all('half'), /^training .* [1-6]\d %/m);
    expect(half.stderr).toContain('ending early; what there is will be saved');
    expect(half.stderr).toContain('ended early; `--resume` goes on from here');
    const { steps_done, complete } = run('half');
    expect([complete, steps_done > 0, steps_done < count]).toEqual([false, true, true]);

    const rest = await cli(['train', ...all('half'), '--resume']);
    expect(rest.code, rest.stderr).toBe(0);
    expect(last(rest.stdout).sha256).toBe(last(whole.stdout).sha256);
    expect(run('half')).toMatchObject({ complete: true, steps_done: count });
    const { stdout } = await cli(['runs', join(dir, kind), '--json']);
    expect(last(stdout).runs.map((r: { name: string }) => r.name)).toEqual([kind, kind]);
  }, 240_000);

  it('ended while its data are made writes nothing', async () => {
    const { code, stderr } = await interrupted(all('none'), /^(demonstrations|episodes) /m);
    expect([code, stderr]).toEqual([1, expect.stringContaining('nothing was learned, and nothing was written')]);
    expect(existsSync(join(dir, kind, 'none'))).toBe(false);
  }, 120_000);
});
