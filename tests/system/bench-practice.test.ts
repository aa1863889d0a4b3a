import { join } from 'node:path';
import { expect, it } from 'vitest';
import { benchPractice } from '../../src/cli/bench/practice.ts';
import { loadRun } from '../../src/core/config/load.ts';
import { packageRoot } from '../../src/core/paths.ts';

const { config } = loadRun(join(packageRoot, 'configs/runs/peg.yaml'), []);

// Eight episodes teach nothing, so nothing is said of success and violations, which are the bench's business.
it('the practice bench: judged before and after, the learner killed once on the way, and no episode of it missing', async () => {
  const { results, notes } = await benchPractice(config, { samples: 2, steps: 8 });
  expect(results.map((r) => [r.case, r.subject, r.samples])).toEqual([
    ['success', 'base alone', 2],
    ['success', 'ours', 2],
    ['violations', 'base alone', 2],
    ['violations', 'ours', 2],
    ['violations', 'ours, no answer to force', 2],
    ['violations on the way', 'ours', expect.any(Number)],
    ['violations on the way', 'ours, no answer to force', expect.any(Number)],
  ]);
  // Each episode of practice again, with the weights that flew it.
  expect(results.at(-1)!.samples).toBe(results.at(-2)!.samples);
  expect(results.at(-1)!.samples).toBeGreaterThan(0);
  expect(notes).toEqual([
    expect.stringMatching(/^success after practice: 95 % interval .* %$/),
    expect.stringMatching(/^practice: 8 episodes, [1-9]\d* decisions, /),
    expect.stringMatching(
      /^the learner was killed 1 time\(s\); of [1-8] episodes for it 0 are missing; version \d+ at /,
    ),
    expect.stringMatching(/^practice, success afterwards: .*, aim at least 90: /),
    expect.stringMatching(
      /^practice, violations afterwards, of the same policy.s without an answer to force: .* %, aim at most 10: /,
    ),
    expect.stringMatching(/^practice, violations on the way, of the same versions. without .*, aim at most 10: /),
    expect.stringMatching(/^practice, episodes on the way that broke a limit: .*, aim at most 5: /),
    expect.stringMatching(/^practice, the worst 50 of them in a row: .*, aim at most 10: /),
    'practice, episodes that the learner has not got: 0 episodes, aim at most 0: reached',
    'practice, times that the learner was killed: 1 times, aim 1 to 1: reached',
  ]);
}, 300_000);
