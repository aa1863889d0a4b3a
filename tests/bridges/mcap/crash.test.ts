import { mkdirSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../src/core/random.ts';
import { type Killed, killWhileRecording } from './crash/kill.ts';
import { folder } from './rig.ts';

/** 200 by `npm run crash:log`. */
const KILLS = Number(process.env.CRASHES ?? 10);
const at = folder();
afterAll(() => at.remove());

describe(`kill -9 at ${KILLS} random moments of recording`, () => {
  it(
    'every file opens, with repair, and nothing is missing but what was in no whole chunk',
    async () => {
      const random = new SeededRandom(Number(process.env.CRASH_SEED ?? 7));
      const all: Killed[] = [];
      for (let n = 0; n < KILLS; n++) {
        mkdirSync(at.path(String(n)));
        const killed = await killWhileRecording(at.path(String(n)), n, random);
        all.push(killed);
        // What the recorder counted as written is there, in order, from the first on (killWhileRecording looks at each).
        expect(killed.recovered, `kill ${n}`).toBeGreaterThanOrEqual(killed.written);
      }
      const sum = (of: (k: Killed) => number) => all.reduce((total, k) => total + of(k), 0);
      const lost = all.map((k) => Math.max(0, k.recorded - k.recovered)).sort((a, b) => a - b);
      process.stderr.write(
        `${KILLS} kills: ${sum((k) => k.files)} files, ${sum((k) => k.repaired)} repaired, ${sum((k) => k.why.length)} of them ` +
          `cut in the middle; ${sum((k) => k.recorded)} messages recorded, ${sum((k) => k.recovered)} recovered; ` +
          `lost at a kill: median ${lost[lost.length >> 1]}, most ${lost.at(-1)}\n`,
      );
      // It was really killed while it recorded, and the files of that moment were really without an end.
      expect(sum((k) => k.recovered)).toBeGreaterThan(100 * KILLS);
      expect(sum((k) => k.repaired)).toBeGreaterThanOrEqual(KILLS / 2);
    },
    KILLS * 20_000,
  );
});
