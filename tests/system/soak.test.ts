import type { ChildProcess } from 'node:child_process';
import { afterEach, expect, it } from 'vitest';
import type { BenchReport } from '../../src/cli/bench/index.ts';
import { cli } from './harness.ts';

let child: ChildProcess | undefined;
afterEach(() => {
  child?.kill('SIGKILL');
});

it('the bridge at 500 Hz on a link that is cut three times keeps its counts, comes back, and sends nothing old', async () => {
  const { code, stdout } = await cli(['bench', 'soak', '--seconds', '17', '--json'], {
    onStart: (started) => {
      child = started;
    },
  });
  const { notes = [] } = JSON.parse(stdout.trim().split('\n').at(-1)!) as BenchReport;
  expect(notes.filter((note) => note.startsWith('FAIL'))).toEqual([]);
  expect(notes).toContain('ok   0 stale commands');
  expect(notes[0]).toMatch(
    /^ok {3}\d{4} states published = \d+ received \+ \d+ superseded \+ \d+ while .* \+ \d+ under way at a cut$/,
  );
  expect(notes[1]).toMatch(/^ok {3}\d+ commands sent = \d+ received \+ \d+ under way at a cut$/);
  expect(notes.join('\n')).toMatch(/were lost in [3-9] cuts/);
  expect(code).toBe(0);
});
