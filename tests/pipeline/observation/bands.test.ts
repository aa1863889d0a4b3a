import { expect, it } from 'vitest';
import { inBands } from '../../../src/pipeline/observation/images/bands.ts';

it('a picture is worked off in bands of whole rows, and others have a turn between two', async () => {
  const done: string[] = [];
  const all = inBands(300, 400, (from, to) => done.push(`${from} to ${to}`));
  done.push('others');
  await all;
  // 65,536 pixels are 163 rows of 400.
  expect(done).toEqual(['0 to 163', 'others', '163 to 300']);
});

it('a row that is longer than a band is a band', async () => {
  const done: string[] = [];
  await inBands(2, 70_000, (from, to) => done.push(`${from} to ${to}`));
  expect(done).toEqual(['0 to 1', '1 to 2']);
});
