import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { progressReward } from '../../src/practice/progress.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'reflexarc-progress-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

const written = (name: string, text: string) => {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
};
const at = (x: number) => ({ observation: Float64Array.of(x), success: false });

describe('a critic of progress from a module', () => {
  it('rewards what it says of the way between two decisions, and ends when it says so', async () => {
    const compare =
      '(before, now) => ({progress: now.observation[0] - before.observation[0], done: now.observation[0] > 0.9})';
    const reward = await progressReward(written('way.mjs', `export default {name: 'way', compare: ${compare}};`));
    expect(reward.name).toBe('progress by way');
    reward.begin(at(0.25));
    expect(reward.step(at(0.75))).toEqual({ reward: 0.5, done: false });
    expect(reward.step(at(1))).toEqual({ reward: 0.25, done: true });
  });

  it.each([
    ['nothing.mjs', 'export const critic = 1;', /its default export is no critic of progress/],
    ['broken.mjs', 'export default {', /broken\.mjs/],
    ['nameless.mjs', 'export default {compare() {}};', /no critic of progress/],
  ])('%s is refused, and says what it should be', async (name, text, says) => {
    await expect(progressReward(written(name, text))).rejects.toThrow(says);
    await expect(progressReward(join(dir, 'missing.mjs'))).rejects.toThrow(/RA_CONFIG_INVALID.*\{name, compare/);
  });
});
