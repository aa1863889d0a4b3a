import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readScores, writeEvaluation } from '../../../src/learning/judging/evaluation-file.ts';

const dir = mkdtempSync(join(tmpdir(), 'reflexarc-scores-'));
afterAll(() => rmSync(dir, { recursive: true }));
const file = (name: string, text: string) => {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
};

describe('scores from a file', () => {
  it('come back as they were written, by any metric', () => {
    const path = join(dir, 'base.json');
    const episode = {
      success: true,
      violation: false,
      interventions: 2,
      steps: 31.5,
      return: 1,
      cost: 0,
      max_force: 22,
    };
    const episodes = [
      { seed: 7, ...episode, ended: 'success' },
      { seed: 8, ...episode, success: false, return: 0, ended: 'timeout' },
    ];
    writeEvaluation(path, { name: 'base', made_by: 'a test', episodes });
    expect(readScores(path, 'success')).toEqual([{ name: 'base', scores: [1, 0], seeds: [7, 8] }]);
    expect(readScores(path, 'steps')[0]!.scores).toEqual([31.5, 31.5]);
  });

  it('of a CSV: a column each, the index left out, a short column ended where it ends', () => {
    const path = file('scores.csv', ',PPO,"SAC"\n0,1.5,2\n1,-3e2,4\n2,7,\n');
    expect(readScores(path, 'success')).toEqual([
      { name: 'PPO', scores: [1.5, -300, 7], seeds: null },
      { name: 'SAC', scores: [2, 4], seeds: null },
    ]);
  });

  it.each([
    ['nothing.json', '', 'no JSON'],
    ['other.json', '{"kind":"manifest"}', 'kind: '],
    ['newer.json', '{"kind":"evaluation","version":2,"name":"a","made_by":"","episodes":[]}', 'version: '],
    ['word.csv', 'a\n1\nmany\n', "column a, row 2: 'many'"],
    ['hole.csv', 'a,b\n1,2\n,3\n2,4\n', "column a, row 2: ''"],
    ['empty.csv', 'a\n', "column a, row 0: ''"],
  ])('%s is refused with its place', (name, text, seen) => {
    expect(() => readScores(file(name, text), 'success')).toThrow(seen);
  });

  it('a file that is not there is told by name', () => {
    expect(() => readScores(join(dir, 'none.json'), 'success')).toThrow(/RA_CONFIG_MISSING.*none\.json/);
  });
});
