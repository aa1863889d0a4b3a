import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, type TestContext } from 'vitest';
import { loadRun } from '../../src/core/config/load.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { compileObservation } from '../../src/pipeline/observation/compile.ts';
import { cli, RUN_FILE } from './harness.ts';

const EXAMPLE = join(packageRoot, 'configs/examples/peg.mcap');
const OWN = ['safety.risk.low=0.05', 'safety.risk.high=0.1'].flatMap((s) => ['--set', s]);
/** Ended before anything is learned: what it begins with is what counts here. */
const SHORT = ['--steps', '30', '--seed', '1', '--json'];
/** Of one test: they run beside one another, for each is on one core, and none hangs on the time. */
function folderOf({ onTestFinished }: Pick<TestContext, 'onTestFinished'>): string {
  const dir = mkdtempSync(join(tmpdir(), 'reflexarc-from-log-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

const last = (text: string) => JSON.parse(text.trimEnd().split('\n').at(-1)!);

/** Two episodes of 12 frames at the rate of decisions, the first of which ends in a reward, as a log of `import`. */
async function imported(dir: string): Promise<string> {
  const { config } = loadRun(RUN_FILE, []);
  const { baseSize, residualSize } = compileObservation(config.robot, config.task);
  const names = (of: string, n: number) => Array.from({ length: n }, (_, i) => `${of}[${i}]`);
  const columns = [...names('seen', residualSize), ...names('base', baseSize), ...names('action', 4)];
  const rows = [0, 1].flatMap((episode) =>
    Array.from({ length: 12 }, (_, k) => {
      const end = k === 11 && episode === 0 ? 1 : 0;
      return [episode, k / config.task.decision_hz, ...columns.map(() => 0.01 * k), end, end].join(',');
    }),
  );
  const csv = join(dir, 'teleop.csv');
  writeFileSync(csv, `${['episode', 'time', ...columns, 'next.reward', 'next.done'].join(',')}\n${rows.join('\n')}\n`);
  const log = join(dir, 'teleop.mcap');
  const { code, stderr } = await cli(['import', csv, '--out', log, '--time', 'time', '--episode', 'episode']);
  expect(code, stderr).toBe(0);
  return log;
}

describe.concurrent('train residual', () => {
  it('ended before anything was learned says so, and leaves its run and its weights', async (context) => {
    const dir = folderOf(context);
    const out = join(dir, 'residual');
    const grows = ['--progressive', '500'];
    const options = ['--demonstrations', '1', ...grows, ...SHORT, '--out', out];
    const { code, stdout, stderr } = await cli(['train', 'residual', ...options]);
    expect([code, stderr.includes('steps ')]).toEqual([1, true]);
    const made = last(stdout);
    expect(made).toMatchObject({ seed: 1, complete: true, score: null, recorded: null });
    for (const file of ['run.json', 'curve.jsonl', 'checkpoint.safetensors', 'residual.safetensors'])
      expect(existsSync(join(out, file)), file).toBe(true);
    const manifest = JSON.parse(readFileSync(join(out, 'residual.manifest.json'), 'utf8'));
    expect(manifest).toMatchObject({
      made_by: 'reflexarc train residual --seed 1 --steps 30 --demonstrations 1 --progressive 500',
      settings: { progressive: 500 },
      sha256: made.sha256,
    });
  }, 180_000);
});

describe.concurrent('train residual --from', () => {
  it('begins with the episodes of a log of `demo`: successes are demonstrations, the others lie beside its own', async (context) => {
    const dir = folderOf(context);
    const out = join(dir, 'own');
    const { code, stdout, stderr } = await cli([
      'train',
      'residual',
      '--from',
      EXAMPLE,
      ...OWN,
      ...SHORT,
      '--out',
      out,
    ]);
    expect(code, stderr).toBe(1);
    expect(last(stdout).recorded).toMatchObject({ successes: 2, failures: 1 });
    // An episode of the shipped policies takes some thirty decisions at least; the brain is killed in the middle of the other.
    const counts = /2 episodes that succeeded, (\d+) decisions: demonstrations\n +1 that did not, (\d+) decisions/;
    const [whole, cut] = counts.exec(stderr)!.slice(1).map(Number);
    expect(whole! / 2, stderr).toBeGreaterThan(25);
    expect(cut!).toBeGreaterThan(10);
    expect(cut!).toBeLessThan(25);
    const record = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8'));
    expect(record.settings.recorded.logs[0].sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(record.command).toContain('--demonstrations 0 --from');
    // The checkpoint has them: it need not be told again, and says what it is.
    const again = await cli(['train', 'residual', '--resume', ...OWN, ...SHORT, '--steps', '60', '--out', out]);
    expect(last(again.stdout).steps, again.stderr).toBeGreaterThanOrEqual(60);
  }, 180_000);

  it('begins with the channels of a log of `import`, and the base is asked what it would have done', async (context) => {
    const dir = folderOf(context);
    const log = await imported(dir);
    const named = ['--observation', 'seen', '--base-observation', 'base'];
    const out = join(dir, 'imported');
    const run = (...args: string[]) => cli(['train', 'residual', '--from', log, ...SHORT, '--out', out, ...args]);
    const { stdout, stderr } = await run(...named);
    expect(last(stdout).recorded, stderr).toMatchObject({ successes: 1, failures: 1 });
    const unrewarded = await run(...named, '--reward', 'score');
    expect([unrewarded.code, unrewarded.stderr]).toEqual([2, expect.stringContaining('no channel score')]);
    const unseen = await run('--observation', 'base');
    expect([unseen.code, unseen.stderr]).toEqual([2, expect.stringMatching(/feature base with \d+ numbers/)]);
  }, 180_000);

  it('refuses a log of other limits before it trains', async (context) => {
    const dir = folderOf(context);
    const { code, stderr } = await cli(['train', 'residual', '--from', EXAMPLE, ...SHORT, '--out', join(dir, 'no')]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('safety.risk.low: 0.05 in the log, 0.2 now')]);
  });
});
