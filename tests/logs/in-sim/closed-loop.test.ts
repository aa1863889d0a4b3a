import { afterAll, describe, expect, it } from 'vitest';
import { closedLoopText } from '../../../src/cli/in-sim-text.ts';
import { loadRun } from '../../../src/core/config/load.ts';
import { packageRoot } from '../../../src/core/paths.ts';
import { playEpisodes } from '../../../src/learning/evaluate.ts';
import { policiesOf } from '../../../src/learning/side-by-side.ts';
import { closedLoop } from '../../../src/logs/in-sim/closed-loop.ts';
import { folder } from '../../bridges/mcap/rig.ts';
import { recordSimulated } from './rig.ts';

const at = folder();
afterAll(() => at.remove());

describe('the policies, from where the episodes of a log began', () => {
  it('do what an evaluation of the same seeds does, beside what the log says', async () => {
    const { config } = loadRun(`${packageRoot}/configs/runs/peg.yaml`, []);
    const path = at.path('log.mcap');
    // Somebody else moved the robot in it, and came to nothing.
    await recordSimulated(path, config, { seeds: [8, 9], states: 20 });
    const r = await closedLoop([path]);
    expect(r.episodes.map(({ seed, start }) => [seed, start])).toEqual([
      [8, 'measured, hole by seed'],
      [9, 'reset'],
    ]);
    const [same] = await playEpisodes(config, policiesOf(config), { episodes: 1, seed: 9 });
    const { success, violation, steps, max_force, interventions, ended } = r.episodes[1]!.again;
    expect({ seed: 9, success, violation, steps, max_force, interventions, ended }).toEqual({
      ...{ seed: 9, success: same!.success, violation: same!.violation, steps: same!.steps },
      ...{ max_force: same!.max_force, interventions: same!.interventions, ended: same!.ended },
    });
    expect(r.episodes[1]!.logged).toMatchObject({ phase: 'running', success: false });
    expect(r.logged).toMatchObject({ episodes: 2, successes: 0 });
    expect(r.again.successes).toBe(r.episodes.filter(({ again }) => again.success).length);
    expect(r.again.mean_steps).toBeCloseTo((r.episodes[0]!.again.steps + steps) / 2, 9);
    expect(closedLoopText(r)).toMatch(/^succeeded +0 of 2 in the log, \d of 2 again$/m);

    const later = await closedLoop([path], [], { fromS: 0.205, toS: 9 });
    expect(later.episodes).toMatchObject([{ seed: 9, again: r.episodes[1]!.again }]);
  });
});
