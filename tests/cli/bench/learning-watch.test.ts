import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { kept, pooled } from '../../../src/cli/bench/learning/runs.ts';
import { trainAll } from '../../../src/cli/bench/learning/train.ts';
import { EndedEarly, Watch } from '../../../src/cli/bench/learning/watch.ts';
import { readRun } from '../../../src/learning/run-folder.ts';
import { TD3_DEFAULTS } from '../../../src/learning/td3.ts';
import type { TrainingSpec } from '../../../src/learning/training.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'reflexarc-watch-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

function watching(isTTY = false) {
  const written: string[] = [];
  const watch = new Watch({ isTTY, columns: 200, write: (text) => void written.push(text) });
  onTestFinished(() => watch.close());
  return { watch, written };
}

const pendulum = (seed: number): TrainingSpec => ({
  ...{ name: 'pendulum', environment: { name: 'pendulum' }, seed, steps: 10_000_000 },
  ...{ evaluateEvery: 0, evaluationEpisodes: 1, evaluationSeed: 5_000_000 },
  algorithm: {
    name: 'td3',
    options: { ...TD3_DEFAULTS, seed, hidden: [8], batch: 8, learningStarts: 200, capacity: 1000 },
  },
});

describe('the person beside the learning bench', () => {
  it('sees all trainings that go on, and a line of each that is over', () => {
    const { watch, written } = watching(true);
    for (const name of ['a', 'b']) {
      watch.begin(name);
      watch.progress(name, { phase: 'training', done: 1, of: 4, figures: { loss: 0.5 } });
    }
    expect(written.at(-1)).toContain('a training 1/4 25 %  loss 0.5000 | b training 1/4 25 %  loss 0.5000');
    watch.finished('a', 'a  3 s');
    watch.progress('b', { phase: 'training', done: 2, of: 4 });
    expect(written.at(-1)).toMatch(/[^|]b training 2\/4 50 %/);
    expect(written.join('')).toContain('a  3 s\n');
  });

  it('ends them by Ctrl-C: all are saved, and nothing new begins', async () => {
    const out = join(dir, 'ended');
    const { watch, written } = watching();
    const specs = [pendulum(1), pendulum(2), pendulum(3)];
    watch.end();
    await expect(trainAll(specs, { out, watch })).rejects.toThrow(EndedEarly);
    expect(readRun(join(out, 'pendulum-1'))).toBeNull();

    const second = watching();
    const progress = second.watch.progress.bind(second.watch);
    second.watch.progress = (name, at) => {
      progress(name, at);
      if (!second.watch.signal.aborted) second.watch.end();
    };
    await expect(trainAll(specs.slice(0, 1), { out, watch: second.watch })).rejects.toThrow('pendulum 1');
    const { record } = readRun(join(out, 'pendulum-1'))!;
    expect(record.steps_done).toBeGreaterThan(0);
    expect(record.complete).toBe(false);

    expect(written.join('')).toContain('ending early');
  });

  it('what answers that it was ended is not kept, and what had begun beside it is waited for', async () => {
    await expect(kept({ out: dir }, 'nothing', {}, () => null)).rejects.toThrow(EndedEarly);
    expect((await kept({ out: dir }, 'nothing', {}, () => 7)).result).toBe(7);
    let over = false;
    const job = async (k: number) => {
      if (k === 0) throw new EndedEarly('0');
      await new Promise((resolve) => setTimeout(resolve, 20));
      over = true;
      return k;
    };
    await expect(pooled([0, 1], job)).rejects.toThrow(EndedEarly);
    expect(over || availableParallelism() === 1).toBe(true);
    expect(await pooled([3, 4, 5], async (k) => 2 * k)).toEqual([6, 8, 10]);
  });
});
