import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { kept, seedRow } from '../../src/cli/bench/learning/runs.ts';
import { benchLearning } from '../../src/cli/bench/learning.ts';
import { loadRun } from '../../src/core/config/load.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { readRun } from '../../src/learning/run-folder.ts';

const { config } = loadRun(join(packageRoot, 'configs/runs/peg.yaml'), []);
const out = mkdtempSync(join(tmpdir(), 'reflexarc-bench-learning-'));
afterAll(() => rmSync(out, { recursive: true }));

describe('the learning bench', () => {
  it('delay: trains and judges both, beside controllers by hand, and keeps its runs', async () => {
    const { results, notes } = await benchLearning(config, { case: ['delay'], seeds: 1, steps: 2100, out });
    expect(results.map((r) => [r.case, r.subject, r.samples])).toEqual([
      ['delay: with history', 'ours', 1],
      ['delay: without', 'ours', 1],
      ['delay: with history', 'by hand', 1],
      ['delay: without', 'by hand', 1],
    ]);
    // Who knows what is under way does better than who does not, and both near the 1000 that perfect flow brings.
    expect(results[2]!.mean).toBeGreaterThan(results[3]!.mean!);
    expect(results[3]!.mean).toBeGreaterThan(650);
    expect(notes).toHaveLength(1);
    expect(readdirSync(out)).toEqual(expect.arrayContaining(['delay-history-1.json', 'delay-none-1.json']));
    // Among the runs that `runs` lists, with what judged them.
    const { record } = readRun(join(out, 'delay-none-1'))!;
    expect(record).toMatchObject({ name: 'delay, without', algorithm: 'td3', complete: true });
    expect(record.final!.return_mean).toBeCloseTo(results[1]!.mean!, 0);
  });

  it('navigation: the four modes of the shield, with their verdicts and plots', async () => {
    const { results, notes, failed } = await benchLearning(config, { case: ['navigation'], seeds: 1, steps: 1, out });
    const modes = ['off', 'filter', 'recover', 'reflex'];
    expect(results.filter((r) => r.unit === 'ratio').map((r) => r.case)).toEqual(
      modes.map((m) => `navigation 2, ${m}`),
    );
    expect(results.find((r) => r.case.endsWith('off') && r.unit === 'interventions')!.max).toBe(0);
    expect(notes).toContain('navigation 2: too few seeds for AdaStop (5)');
    const verdicts = notes!.filter((note) => /, aim .*: (NOT REACHED|reached)$/.test(note));
    // One episode is no claim.
    expect([verdicts.length, failed]).toEqual([2, undefined]);
    expect(readdirSync(out).filter((name) => name.endsWith('.svg'))).toEqual([
      'navigation-successes.svg',
      'navigation-violations.svg',
    ]);
    for (const mode of modes)
      expect(readRun(join(out, `navigation-${mode}-1`))!.record).toMatchObject({
        ...{ name: `navigation 2, ${mode}`, steps: 1, steps_done: 1, complete: true },
      });
  });

  it('navigation-1: reported, with a shield and without', async () => {
    const { results, notes, failed } = await benchLearning(config, { case: ['navigation-1'], seeds: 1, steps: 2, out });
    expect(results.map((r) => [r.case, r.unit])).toEqual([
      ['navigation 1, off', 'successes'],
      ['navigation 1, off', 'violations'],
      ['navigation 1, recover', 'successes'],
      ['navigation 1, recover', 'violations'],
    ]);
    // Two episodes of chance in a corridor: each may end in a wall, none on the goal.
    for (const { unit, max } of results) expect(max).toBeLessThanOrEqual(unit === 'violations' ? 2 : 0);
    expect([notes!.length, failed]).toEqual([2, undefined]);
    expect(readRun(join(out, 'navigation-1-recover-1'))!.record.task).toBe('navigation-1');
  });

  it('peg: the recipe, the recipe without one of its parts, RLPD from scratch, the base fine-tuned, and the gate with and without its answer to force', async () => {
    const { results, notes, failed } = await benchLearning(config, {
      ...{ case: ['peg'], seeds: 1, steps: 120, samples: 2, out },
    });
    const arms = [
      'residual',
      'no LayerNorm',
      'n = 1',
      'no demonstrations in the batch',
      'no bound',
      'RLPD from scratch',
      'fine-tuning the base',
    ];
    expect(results.filter((r) => r.unit === 'steps').map((r) => r.case)).toEqual(
      ['base', ...arms].map((arm) => `peg, ${arm}`),
    );
    // The gate with its answer to force and without, the residual's of the weights that its run has kept.
    expect(results.filter((r) => r.unit === 'interventions').map((r) => r.case)).toEqual(
      ['base', 'shipped residual', 'residual'].flatMap((policy) =>
        ['gate', 'no answer to force'].map((gate) => `peg, ${policy}, ${gate}`),
      ),
    );
    expect(existsSync(join(out, 'peg residual-1/policy.safetensors'))).toBe(true);
    const mean = (unit: string) => results.find((r) => r.case === 'peg, residual' && r.unit === unit)!.mean;
    // The only evaluation selects the only policy.
    expect(mean('success of the last policy')).toBe(mean('success'));
    expect(mean('decisions in evaluations')).toBeGreaterThan(0);
    // Before anything is learned a residual of zero is the base, whose episodes in training end at a violation.
    const of = (name: string) => results.find((r) => r.case === `peg, ${name}` && r.unit === 'success')!.mean;
    expect(of('residual')).toBe(of('base'));
    expect(of('base')).toBeLessThanOrEqual(of('base, gate')!);
    expect(of('residual, gate')).toBe(of('base, gate'));
    expect(of('residual')).toBe(of('n = 1'));
    // So short a run is no claim, whatever its verdicts.
    const verdicts = notes!.filter((note) => /, aim .*: (NOT REACHED|reached)$/.test(note));
    expect([verdicts.length, notes!.length, failed]).toEqual([13, 34, undefined]);
    expect(readRun(join(out, 'peg n = 1-1'))!.record.settings).toMatchObject({ algorithm: { options: { nStep: 1 } } });
  });

  it('peg: only those of what is trained that are asked for; a run whose weights are gone is judged again, not made again', async () => {
    const ask = () =>
      benchLearning(config, { case: ['peg'], arm: ['residual'], seeds: 1, steps: 120, samples: 2, out });
    const weights = join(out, 'peg residual-1/policy.safetensors');
    const before = readFileSync(weights);
    const { started } = readRun(join(out, 'peg residual-1'))!.record;
    rmSync(weights);
    const { results } = await ask();
    expect(results.filter((r) => r.unit === 'steps').map((r) => r.case)).toEqual(['peg, base', 'peg, residual']);
    expect(readFileSync(weights)).toEqual(before);
    expect(readRun(join(out, 'peg residual-1'))!.record.started).toBe(started);
    await expect(benchLearning(config, { case: ['peg'], arm: ['residuals'] })).rejects.toThrow('--arm residuals');
  });

  it('critic: one a seed, alone in the place of the answer to force, beside none, that answer, and both; made once', async () => {
    const ask = () => benchLearning(config, { case: ['critic'], seeds: 2, steps: 30, samples: 2, out });
    const { results, notes, failed } = await ask();
    const answers = ['no answer to force', 'critic alone', "the gate's answer to force alone", 'as shipped'];
    expect(results.filter((r) => r.unit === 'interventions').map((r) => [r.case, r.samples])).toEqual(
      ['base', 'shipped residual'].flatMap((policy) =>
        answers.map((answer) => [`critic, ${policy}, ${answer}`, answer === 'critic alone' ? 2 : 1]),
      ),
    );
    const auc = results.find((r) => r.unit === 'held-out AUC')!;
    expect(auc.samples).toBe(2);
    expect(auc.mean).toBeGreaterThan(0.5);
    const verdicts = notes!.filter((note) => /, aim .*: (NOT REACHED|reached)$/.test(note));
    // So few episodes are no claim, and make other weights than the shipped ones.
    expect([verdicts.length, verdicts.at(-1), failed]).toEqual([
      5,
      "critic, weights of seed 1 that are not the shipped ones (SHA-256, the manifest's): 1 files, aim at most 0: NOT REACHED",
      undefined,
    ]);
    const { record } = readRun(join(out, 'critic-1'))!;
    expect(record).toMatchObject({ name: 'critic', seed: 1, complete: true });
    expect((await ask()).results).toEqual(results);
    expect(readRun(join(out, 'critic-1'))!.record.started).toBe(record.started);
    // Other episodes are another critic, not one that goes on.
    await benchLearning(config, { case: ['critic'], seeds: 1, steps: 31, samples: 1, out });
    expect(readRun(join(out, 'critic-1'))!.record.started).not.toBe(record.started);
  });

  it('critic: episodes that have nothing to tell apart are refused', async () => {
    await expect(benchLearning(config, { case: ['critic'], seeds: 1, steps: 1, samples: 1 })).rejects.toThrow(
      'nothing to tell apart',
    );
  });

  it.each([
    ['pendulum', 'td3', 'SB3-zoo TD3', 1100],
    ['pendulum-sac', 'sac', 'SB3-zoo SAC', 200],
    ['inverted-pendulum', 'td3', 'TD3 authors', 1020],
    ['reacher', 'td3', 'TD3 authors', 1020],
    ['mountain-car', 'sac', 'SB3-zoo SAC, 50 000 steps', 2100],
  ])('%s: %s beside what is published, its run kept in a folder', async (name, algorithm, subject, steps) => {
    const ask = () => benchLearning(config, { case: [name], seeds: 1, steps, out });
    const { results, notes, failed } = await ask();
    expect(results.map((r) => [r.case, r.subject, r.samples])).toEqual([
      [name, 'ours', 1],
      [name, subject, 1],
    ]);
    // So few steps are no claim, so they cannot fail.
    expect([notes!.length, failed]).toEqual([1, undefined]);
    const { record } = readRun(join(out, `${name}-1`))!;
    expect(record).toMatchObject({ complete: true, algorithm });
    expect((await ask()).results[0]!.mean).toBe(results[0]!.mean);
    expect(readRun(join(out, `${name}-1`))!.record.started).toBe(record.started);
  });

  it('update: ours and TensorFlow.js, in turns', async () => {
    const { results } = await benchLearning(config, { case: ['update'], samples: 1 });
    expect(results).toHaveLength(6);
    for (const { p50, unit } of results) expect([unit, p50 > 0]).toEqual(['ms', true]);
  });

  it('makes no run again that is there with the same settings', async () => {
    let made = 0;
    const make = () => ++made;
    expect((await kept({ out }, 'a', { seed: 1 }, make)).result).toBe(1);
    expect((await kept({ out }, 'a', { seed: 1 }, make)).result).toBe(1);
    expect((await kept({ out }, 'a', { seed: 2 }, make)).result).toBe(2);
    expect((await kept({}, 'a', { seed: 2 }, make)).result).toBe(3);
    const file = join(out, 'a.json');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ settings: { seed: 2 }, result: 2 });
    writeFileSync(file, JSON.stringify({ settings: { seed: 3 }, wall_s: 1, result: 'kept' }));
    expect((await kept({ out }, 'a', { seed: 3 }, make)).result).toBe('kept');
  });

  it('a row over seeds has their mean and standard deviation', () => {
    expect(seedRow('c', 'ours', 'return', [1, 2, 6])).toMatchObject({ p50: 2, max: 6, mean: 3, sd: 2.646, samples: 3 });
  });

  it('an unknown case is told with those that there are', async () => {
    await expect(benchLearning(config, { case: ['dely'] })).rejects.toThrow('--case dely');
  });
});
