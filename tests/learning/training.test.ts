import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createResidual } from '../../policies/residual/registry.ts';
import { loadRun } from '../../src/core/config/load.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { RESIDUAL_DEFAULTS } from '../../src/learning/residual.ts';
import { commitOf, RunFolder, readRun, readRuns } from '../../src/learning/run-folder.ts';
import { TD3_DEFAULTS } from '../../src/learning/td3.ts';
import { trainInThread } from '../../src/learning/train-in-thread.ts';
import { trainedRun } from '../../src/learning/trained-run.ts';
import { runTraining, type TrainingSpec } from '../../src/learning/training.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'reflexarc-training-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

const options = { ...TD3_DEFAULTS, hidden: [16], batch: 16, learningStarts: 200, capacity: 2000 };
const pendulum = (over: Partial<TrainingSpec> = {}): TrainingSpec => ({
  ...{ name: 'pendulum', algorithm: { name: 'td3', options }, environment: { name: 'pendulum' } },
  ...{ steps: 800, seed: 1, evaluateEvery: 400, evaluationEpisodes: 1, evaluationSeed: 5_000_000 },
  command: 'as the test asks',
  weights: { file: 'policy.safetensors', metadata: { kind: 'policy' } },
  ...over,
});

describe('a training run', () => {
  it('leaves what it was, its curve, its checkpoint and its weights', async () => {
    const out = join(dir, 'whole');
    const outcome = await runTraining(pendulum({ out }));
    expect(outcome).toMatchObject({ complete: true, state: { steps: 800, episodes: 4 } });
    expect(outcome.evaluations.map((e) => e.steps)).toEqual([400, 800]);
    const { record, curve } = readRun(out)!;
    expect(record).toMatchObject({
      ...{ name: 'pendulum', algorithm: 'td3', task: 'pendulum', seed: 1, steps: 800, steps_done: 800 },
      ...{ command: 'as the test asks', complete: true, commit: commitOf(), final: outcome.evaluations[1] },
    });
    expect(record.settings).toMatchObject({
      algorithm: { options: { hidden: [16] } },
      environment: { name: 'pendulum' },
    });
    expect(curve.filter((r) => r.kind === 'evaluation').map((r) => r.steps)).toEqual([400, 800]);
    expect(curve.filter((r) => r.kind === 'training').length).toBeGreaterThan(2);
  });

  it('told to stop saves, and goes on to the weights of one that was not', async () => {
    const out = join(dir, 'resumed');
    let episodes = 0;
    const half = await runTraining(pendulum({ out }), { stopped: () => episodes >= 2, onState: () => void episodes++ });
    expect(half).toMatchObject({ complete: false, state: { steps: 400 } });
    expect(readRun(out)!.record).toMatchObject({ complete: false, steps_done: 400 });
    // A line that was being written when the power went.
    writeFileSync(join(out, 'curve.jsonl'), '{"kind":"evalu', { flag: 'a' });
    const rest = await runTraining(pendulum({ out, resume: true }));
    expect(rest.complete).toBe(true);
    const weights = (run: string) => readFileSync(join(dir, run, 'policy.safetensors'));
    expect(weights('resumed').equals(weights('whole'))).toBe(true);
    const steps = readRun(out)!.curve.filter((r) => r.kind === 'evaluation');
    expect(steps.map((r) => r.steps)).toEqual([400, 800]);
    // Those before the stop are of the run as well.
    expect(rest.evaluations.map((e) => e.steps)).toEqual([400, 800]);
  });

  it.each([
    ['evaluated on its way', 400],
    ['evaluated at its end alone', 0],
  ])('gone on with after its end, %s, is what it was', async (_, evaluateEvery) => {
    const out = join(dir, `ended-${evaluateEvery}`);
    const whole = await runTraining(pendulum({ out, evaluateEvery }));
    const files = () =>
      ['curve.jsonl', 'policy.safetensors', 'checkpoint.safetensors'].map((f) => readFileSync(join(out, f)));
    const before = files();
    const again = await runTraining(pendulum({ out, evaluateEvery, resume: true }));
    expect(files()).toEqual(before);
    expect(again).toMatchObject({ complete: true, final: whole.final, sha256: whole.sha256 });
    expect(again.evaluations).toEqual(whole.evaluations);
    expect(readRun(out)!.record).toMatchObject({ complete: true, steps_done: 800, final: whole.final });
  });

  it('that begins anew in the folder of another has nothing of its checkpoint to go on with', async () => {
    const out = join(dir, 'anew');
    await runTraining(pendulum({ out, steps: 200, keep: 'best' }));
    expect(RunFolder.resume(out)!.checkpoint.length).toBeGreaterThan(1000);
    // Killed before its first checkpoint.
    new RunFolder(out, readRun(out)!.record);
    expect(RunFolder.resume(out)).toBeNull();
    rmSync(out, { recursive: true });
  });

  it('can be asked what it learned, by its folder alone, which stays as it is', async () => {
    const out = join(dir, 'asked');
    const { evaluations } = await runTraining(pendulum({ out }));
    const before = readFileSync(join(out, 'curve.jsonl'), 'utf8');
    const { learner, environment, record, algorithm } = await trainedRun(out);
    expect([learner.steps, record.name, algorithm.options.gamma]).toEqual([800, 'pendulum', TD3_DEFAULTS.gamma]);
    const [near, far] = [0.01, 3].map((angle) => ({
      observation: Float64Array.of(Math.cos(angle), Math.sin(angle), 0),
      base: new Float64Array(0),
    }));
    const still = Float64Array.of(0);
    const again = environment.episode(5_000_000, { act: (step, action) => learner.exploit(step, action) });
    expect(again.return).toBe(evaluations.at(-1)!.return_mean);
    // All rewards are negative, and least so upright; learned in 600 updates.
    expect(learner.value(far!, still)).toBeLessThan(0);
    expect(learner.value(near!, still)).not.toBe(learner.value(near!, Float64Array.of(1)));
    expect(readFileSync(join(out, 'curve.jsonl'), 'utf8')).toBe(before);
  });

  it('without a checkpoint cannot be asked', async () => {
    await expect(trainedRun(join(dir, 'nowhere'))).rejects.toMatchObject({ code: 'RA_USAGE' });
  });

  it('keeps the best policy of its evaluations, not the last, through a stop as well, and judges that one', async () => {
    const judged = { episodes: 2, seed: 7_000_000 };
    const seed = 3;
    const kept = (out: string, over: Partial<TrainingSpec> = {}) =>
      pendulum({ out: join(dir, out), seed, steps: 1600, keep: 'best', judged, ...over });
    const whole = await runTraining(kept('best'));
    const returns = whole.evaluations.map((e) => e.return_mean);
    const at = returns.indexOf(Math.max(...returns));
    expect(at, 'a seed whose last policy is not its best').toBeLessThan(3);
    expect(readRun(join(dir, 'best'))!.record.best).toEqual(whole.evaluations[at]);
    const early = await runTraining(kept('early', { steps: 400 * (at + 1) }));
    const weights = (run: string) => readFileSync(join(dir, run, 'policy.safetensors'));
    expect(weights('best').equals(weights('early'))).toBe(true);
    expect(whole.final!.return_mean).toBe(early.final!.return_mean);
    const last = await runTraining(kept('last', { keep: 'last' }));
    expect(weights('last').equals(weights('best'))).toBe(false);
    expect(last.final!.return_mean).not.toBe(whole.final!.return_mean);
    // The best is selected; what training ended with is judged beside it.
    expect(whole.last).toEqual(last.final);
    expect(readRun(join(dir, 'best'))!.record.last).toEqual(last.final);
    expect(early.last).toEqual(early.final);

    let episodes = 0;
    const told = { stopped: () => episodes >= 5, onState: () => void episodes++ };
    expect(await runTraining(kept('halved'), told)).toMatchObject({ complete: false });
    const rest = await runTraining(kept('halved', { resume: true }));
    expect(weights('halved').equals(weights('best'))).toBe(true);
    expect(rest.final).toEqual(whole.final);

    const before = readRun(join(dir, 'best'))!;
    const again = await runTraining(kept('best', { resume: true }));
    expect([again.final, again.last]).toEqual([whole.final, whole.last]);
    expect(readRun(join(dir, 'best'))).toEqual(before);
  });

  it('without a folder leaves nothing, and all runs of a folder are found by name and seed', async () => {
    const { sha256 } = await runTraining(pendulum({ steps: 200, evaluateEvery: 0 }));
    expect(sha256).toBe('');
    const names = ['asked', 'best', 'early', 'ended-0', 'ended-400', 'halved', 'last', 'resumed', 'whole'];
    expect(
      readRuns(dir)
        .map((r) => r.path)
        .sort(),
    ).toEqual(names.map((name) => join(dir, name)));
    expect(readRuns(join(dir, 'nothing'))).toEqual([]);
  });
});

describe('in a thread', () => {
  it('it is the same run, tells how far it is, and ends when it is asked to', async () => {
    const out = join(dir, 'thread');
    const told: number[] = [];
    const outcome = await trainInThread(pendulum({ out }), { onState: ({ steps }) => told.push(steps) });
    expect(outcome).toMatchObject({ complete: true, state: { steps: 800 } });
    expect(told.at(-1)).toBe(800);
    const weights = (run: string) => readFileSync(join(dir, run, 'policy.safetensors'));
    expect(weights('thread').equals(weights('whole'))).toBe(true);

    const abort = new AbortController();
    abort.abort();
    const none = await trainInThread(pendulum({ steps: 1e6, evaluateEvery: 0 }), { signal: abort.signal });
    expect(none).toMatchObject({ complete: false, state: { steps: 0 }, evaluations: [] });
  });

  it('what goes wrong there is said here', async () => {
    const broken = pendulum({ environment: { name: 'navigation', map: 9 as 1 } });
    await expect(trainInThread(broken)).rejects.toThrow();
  });
});

describe('the peg task', () => {
  it('gives demonstrations to a residual, and weights that the daemon’s backend loads', async () => {
    const { config } = loadRun(join(packageRoot, 'configs/runs/peg.yaml'), []);
    const out = join(dir, 'peg');
    const outcome = await runTraining({
      ...{ name: 'peg', environment: { name: 'peg', config }, demonstrations: { episodes: 2, seed: 1, noise: 0.1 } },
      algorithm: {
        name: 'residual',
        options: {
          ...RESIDUAL_DEFAULTS,
          ...{ hidden: [16], batch: 16, learningStarts: 60, criticWarmUp: 20, capacity: 2000 },
          burnIn: { window: 10, change: 1, most: 20 },
        },
      },
      ...{ steps: 120, seed: 1, evaluateEvery: 0, evaluationEpisodes: 1, evaluationSeed: 20_000, out },
      weights: { file: 'residual.safetensors', metadata: { kind: 'residual' } },
    });
    expect(outcome.demonstrations.decisions).toBeGreaterThan(20);
    const path = join(out, 'residual.safetensors');
    const residual = createResidual({ type: 'mlp', path, sha256: outcome.sha256 } as never);
    expect([residual.observationSize, residual.actionSize]).toEqual([9, 4]);
    const action = new Float64Array(4);
    residual.infer(new Float64Array(9).fill(0.1), new Float64Array(4), action);
    expect(action.some((v) => v !== 0)).toBe(true);
    // Its run can be gone on with, and asked, from another checkout; and says when the burn-in let the actor go.
    const { record, curve } = readRun(out)!;
    expect(JSON.stringify(record.settings)).not.toContain(packageRoot);
    expect((await trainedRun(out)).environment.observationSize).toBe(9);
    const notes = curve.flatMap((row) => (row.kind === 'training' && row.note ? [row.note] : []));
    expect(notes.at(-1)).toMatch(/^burn-in: the actor moves, after \d+ updates of the critic: /);
    expect(action.every((v) => Math.abs(v) <= 1)).toBe(true);
  });
});
