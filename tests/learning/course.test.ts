import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadRun } from '../../src/core/config/load.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { SeededRandom } from '../../src/core/random.ts';
import { BC_DEFAULTS, type BcOptions, trainBc } from '../../src/learning/behaviour-cloning.ts';
import { readCheckpoint, writeCheckpoint } from '../../src/learning/checkpoint.ts';
import { type Course, courseFolder } from '../../src/learning/course.ts';
import { courseInThread } from '../../src/learning/course-in-thread.ts';
import { type DelayedPipe, trainDelayedPipe } from '../../src/learning/delayed-pipe.ts';
import type { RiskData } from '../../src/learning/risk-data.ts';
import { DifferencesFit } from '../../src/learning/risk-differences.ts';
import { MonteCarloFit } from '../../src/learning/risk-monte-carlo.ts';
import { readRun, readRuns } from '../../src/learning/run-folder.ts';
import { SAC_DEFAULTS } from '../../src/learning/sac.ts';
import { type ShieldedNavigation, trainShieldedNavigation } from '../../src/learning/shielded-navigation.ts';
import { startTensorflow } from '../../src/learning/tensorflow.ts';

const { config } = loadRun(join(packageRoot, 'configs/runs/peg.yaml'), []);
let dir: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'reflexarc-course-'));
  await startTensorflow('wasm');
});
afterAll(() => rmSync(dir, { recursive: true }));

const random = new SeededRandom(1);
const rows = (count: number, size: number) =>
  Array.from({ length: count }, () => Float64Array.from({ length: size }, () => random.range(-1, 1)));

/** Ends after `steps` words of progress. */
function after(steps: number) {
  const abort = new AbortController();
  let told = 0;
  return { signal: abort.signal, onProgress: () => void (++told >= steps && abort.abort()) };
}

describe('behaviour cloning', () => {
  const demonstrations = [1, 2, 3].map((seed) => ({
    ...{ seed, success: true, observations: rows(30, 3), actions: rows(30, 4) },
  }));
  const recorded = { demonstrations, source: 'rows' };
  const options = (name: string, over: Partial<BcOptions> = {}): BcOptions => ({
    ...{ ...BC_DEFAULTS, hidden: 8, batch: 16, epochs: 5, recorded },
    ...{ out: join(dir, name), run: join(dir, name, 'runs/base'), ...over },
  });

  it('ended after two passes goes on to the bits of one that was not, and leaves what it was', async () => {
    const whole = (await trainBc(config, options('whole')))!;
    const half = (await trainBc(config, { ...options('half'), ...after(2) }))!;
    expect([half.epochs, half.sha256 === whole.sha256]).toEqual([2, false]);
    expect(readRun(join(dir, 'half/runs/base'))!.record).toMatchObject({ complete: false, steps: 5, steps_done: 2 });
    const rest = (await trainBc(config, options('half', { resume: true })))!;
    expect(rest).toMatchObject({ epochs: 5, sha256: whole.sha256, loss: whole.loss });

    const { record, curve } = readRun(join(dir, 'half/runs/base'))!;
    expect(record).toMatchObject({
      ...{ name: 'base', algorithm: 'behaviour-cloning', task: config.task.name, seed: 1, complete: true },
      ...{ command: 'reflexarc train bc --seed 1 --from rows --epochs 5', steps_done: 5 },
      ...{ figures: { loss: whole.loss, 'held out': whole.validationLoss }, settings: { hidden: 8, batch: 16 } },
    });
    expect(curve.map((row) => [row.kind, row.steps])).toEqual([1, 2, 3, 4, 5].map((k) => ['figures', k]));
    expect(readRuns(dir).map((run) => run.record.name)).toEqual(['base', 'base']);
  });

  it('goes on to more passes, and not with what was another run', async () => {
    const eight = (await trainBc(config, options('eight', { epochs: 8 })))!;
    const more = (await trainBc(config, options('half', { epochs: 8, resume: true })))!;
    expect(more).toMatchObject({ epochs: 8, sha256: eight.sha256 });
    const other = trainBc(config, options('half', { epochs: 8, resume: true, batch: 8 }));
    await expect(other).rejects.toMatchObject({ code: 'RA_USAGE' });
    const others = { demonstrations: demonstrations.slice(1), source: 'rows' };
    const data = trainBc(config, options('half', { epochs: 8, resume: true, recorded: others }));
    await expect(data).rejects.toMatchObject({ code: 'RA_USAGE' });
  });

  it('in a thread is the same, and tells how far it is', async () => {
    const given = { config, options: options('thread') };
    const told: string[] = [];
    const hooks = { onProgress: (p: { phase: string; done: number }) => void told.push(`${p.phase} ${p.done}`) };
    const made = await courseInThread('base', given, hooks);
    expect(made!.sha256).toBe(readFileSync(join(dir, 'whole/base.manifest.json'), 'utf8').match(/[0-9a-f]{64}/)![0]);
    expect(told.at(-1)).toBe('training 5');
  });
});

describe('a risk critic', () => {
  const data: RiskData = { rows: rows(240, 6), labels: [], violated: [], episode: [], terminated: [], violations: 4 };
  for (let i = 0; i < 240; i++) {
    const [episode, left] = [Math.floor(i / 30), i % 30];
    data.labels.push(episode % 2 === 0 ? 0.8 ** left : 0);
    data.violated.push(episode % 2 === 0 && left === 0);
    data.episode.push(episode);
  }
  data.terminated.push(...new Array<boolean>(8).fill(true));
  const all = data.rows.map((_, i) => i);
  const shared = { hidden: [8], batch: 16 };

  it.each<[name: string, make: () => Course & { export(): Uint8Array; dispose(): void }]>([
    [
      'the Monte-Carlo return',
      () => new MonteCarloFit(data, all, { ...shared, epochs: 3, random: new SeededRandom(2) }),
    ],
    [
      'temporal differences',
      () => new DifferencesFit(data, all, { ...shared, seed: 2, updates: 12, gamma: 0.8, aim: 2, pessimism: 0.01 }),
    ],
  ])('by %s goes on from any step to the same bits', (_name, make) => {
    const whole = make();
    while (whole.done < whole.of) whole.step();
    expect(whole.of).toBe(12);
    for (const at of [0, 1, 7, 12]) {
      const before = make();
      while (before.done < at) before.step();
      const rest = make();
      readCheckpoint(writeCheckpoint(before.parts(), {}), rest.parts(), 'here');
      expect([rest.done, rest.figures]).toEqual([at, before.figures]);
      while (rest.done < rest.of) rest.step();
      expect(rest.export(), `from ${at}`).toEqual(whole.export());
      before.dispose();
      rest.dispose();
    }
    whole.dispose();
  });
});

describe('the recovery policy, beside a task policy and its critic', () => {
  const sac = { ...SAC_DEFAULTS, hidden: [8], batch: 8, learningStarts: 20, capacity: 1000 };
  const given = (name: string): ShieldedNavigation => ({
    ...{ map: 2, mode: 'reflex', seed: 1, episodes: 3, ratio: 2, scale: 25, offline: 600 },
    options: { threshold: 0.2, gamma: 0.65, hidden: [8], batch: 8, riskRate: 1e-3, pretraining: 10, sac },
    ...{ run: join(dir, name), resume: true },
  });

  it('goes on between two episodes to the same bits, in a thread too', async () => {
    const whole = await courseInThread('navigation', given('nav-whole'));
    expect(whole!.violations_so_far).toHaveLength(3);
    expect(await trainShieldedNavigation(given('nav-half'), after(1))).toBeNull();
    expect(readRun(join(dir, 'nav-half'))!.record).toMatchObject({ complete: false, steps_done: 1 });
    expect(await trainShieldedNavigation(given('nav-half'), {})).toEqual(whole);
    const saved = (name: string) => readFileSync(join(dir, name, 'checkpoint.safetensors'));
    expect(saved('nav-half').equals(saved('nav-whole'))).toBe(true);
    const { record } = readRun(join(dir, 'nav-half'))!;
    expect(record).toMatchObject({ name: 'navigation 2, reflex', task: 'navigation-2', steps: 3, complete: true });
    expect(Object.keys(record.figures!)).toEqual(expect.arrayContaining(['violations', 'recovery']));
  });
});

describe('the delayed pipe', () => {
  const given = (name: string): DelayedPipe => ({
    ...{ history: true, seed: 1, steps: 300, ratio: 10, judged: { episodes: 1, seed: 7 } },
    td3: { hidden: [8], batch: 8, learningStarts: 120, capacity: 1000 },
    ...{ run: join(dir, name), resume: true },
  });

  it('goes on to the same bits, and its record has what judged it', async () => {
    const whole = await trainDelayedPipe(given('pipe-whole'), {});
    expect(await trainDelayedPipe(given('pipe-half'), after(2))).toBeNull();
    expect(await trainDelayedPipe(given('pipe-half'), {})).toBe(whole);
    expect(readRun(join(dir, 'pipe-half'))!.record).toMatchObject({ steps_done: 300, final: { return_mean: whole } });
  });
});

describe('the folder of a course', () => {
  const what = { name: 'n', algorithm: 'a', task: 't', seed: 1, steps: 5, command: 'c', began: 0, settings: { x: 1 } };

  it('of another run, or of one that went further, begins anew where that is asked for', () => {
    const path = join(dir, 'folder');
    const open = (over: object) => courseFolder(path, { ...what, ...over }, 'if the same');
    const first = open({});
    first.folder!.checkpoint(new Uint8Array(3));
    first.folder!.update({ steps_done: 4 });
    expect(open({}).checkpoint).toHaveLength(3);
    expect(open({ steps: 9 }).folder!.record).toMatchObject({ steps: 9, steps_done: 4 });
    expect(open({ steps: 3 }).checkpoint).toBeNull();
    first.folder!.update({ steps_done: 4 });
    expect(open({ settings: { x: 2 } }).checkpoint).toBeNull();
    expect(courseFolder(undefined, what)).toEqual({ folder: null, checkpoint: null });
    expect(existsSync(join(path, 'run.json'))).toBe(true);
  });
});
