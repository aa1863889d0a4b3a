import { join } from 'node:path';
import { expect, it } from 'vitest';
import { benchPractice } from '../../src/cli/bench/practice.ts';
import { loadRun } from '../../src/core/config/load.ts';
import { packageRoot } from '../../src/core/paths.ts';

const { config } = loadRun(join(packageRoot, 'configs/runs/peg.yaml'), []);

// Eight episodes teach nothing, so nothing is said of its success, which is the bench's business.
it('the practice bench: judged before and after, the learner killed once on the way, and no episode of it missing', async () => {
  const { results, notes } = await benchPractice(config, { samples: 2, steps: 8 });
  expect(results.map((r) => [r.case, r.subject, r.samples])).toEqual([
    ['success', 'base alone', 2],
    ['success', 'ours', 2],
    ['violations', 'base alone', 2],
    ['violations', 'ours', 2],
  ]);
  expect(notes).toEqual([
    expect.stringMatching(/^success after practice: .*; the aim is 90 %$/),
    expect.stringMatching(/^practice: 8 episodes, [1-9]\d* decisions, /),
    expect.stringMatching(
      /^the learner was killed 1 time\(s\); of [1-8] episodes for it 0 are missing; version \d+ at /,
    ),
  ]);
}, 300_000);
