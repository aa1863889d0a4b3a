import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inSimText } from '../../../src/cli/in-sim-text.ts';
import { loadRun } from '../../../src/core/config/load.ts';
import type { RunConfig } from '../../../src/core/config-schema.ts';
import { packageRoot } from '../../../src/core/paths.ts';
import { inSim, worldOfLog } from '../../../src/logs/in-sim/in-sim.ts';
import { folder } from '../../bridges/mcap/rig.ts';
import { recordSimulated } from './rig.ts';

const at = folder();
afterAll(() => at.remove());
const RUN = `${packageRoot}/configs/runs/peg.yaml`;
let config: RunConfig;
const path = at.path('log.mcap');
const seeds = [4, 5, 6];

beforeAll(async () => {
  config = loadRun(RUN, []).config;
  await recordSimulated(path, config, { seeds, states: 80, stopAt: 75 });
});

describe('a log of the simulation, in the simulation', () => {
  it('is the same to the last bit: free, in contact, stopped, and from each reset on', async () => {
    const r = await inSim([path]);
    expect(r.changes).toEqual([]);
    // The first word in a log may come in the middle of an episode: that one begins where it is measured.
    expect(r.episodes.map(({ seed, start }) => [seed, start])).toEqual([
      [4, 'measured, hole by seed'],
      [5, 'reset'],
      [6, 'reset'],
    ]);
    for (const one of r.episodes.slice(1)) {
      expect(one).toMatchObject({ states: 80, commands: 75, tip_m: { rms: 0, max: 0 }, force_n: { rms: 0, max: 0 } });
      expect(one.joints).toEqual(new Array(7).fill({ rms: 0, max: 0 }));
      // Quaternions are multiplied to be compared, and rounded.
      expect(one.tip_rad.max).toBeLessThan(1e-15);
      expect(one.simulated).toEqual(one.logged);
      expect(one.logged!.max_force).toBeGreaterThan(5);
    }
    // At rest before its first command, and the servo's torques are in the log.
    expect(r.episodes[0]!.tip_m.max).toBeLessThan(1e-9);
    expect(inSimText(r)).toMatch(/^tip +RMS 0 mm/m);
  });

  it('in another world parts from it, and says where: only the contact is another one', async () => {
    const r = await inSim([path], ['task.world.friction=1.2']);
    expect(r.changes).toEqual(['task.world.friction: 0.3 in the log, 1.2 now']);
    for (const { tip_m, force_n, joints } of r.episodes.slice(1)) {
      expect(tip_m.max).toBeGreaterThan(1e-5);
      expect(force_n.max).toBeGreaterThan(0.5);
      expect(Math.max(...joints.map((j) => j.max))).toBeGreaterThan(1e-5);
    }
    expect(inSimText(r)).toContain('task.world.friction: 0.3 in the log, 1.2 now');
  });

  it('of a stretch: what comes before it is executed, and not compared', async () => {
    // Episode 5 has its states from 0.81 to 1.6 s.
    const r = await inSim([path], ['task.world.friction=1.2'], { fromS: 0.805, toS: 1.205 });
    expect(r.episodes.map(({ seed }) => seed)).toEqual([5]);
    expect(r.states).toBe(r.episodes[0]!.states);
    expect([r.episodes[0]!.from_s, r.episodes[0]!.to_s].map((s) => Math.round(s * 100))).toEqual([81, 120]);
  });

  it('without a word of the task begins where it is measured, with the hole as it was told', async () => {
    const robot = at.path('robot.mcap');
    // Not as far down as the fixture: free space is known, the hole is not.
    await recordSimulated(robot, config, { seeds: [4], states: 60, episodes: false, down: 0.0002 });
    const r = await inSim([robot]);
    expect(r.episodes).toMatchObject([
      { episode: null, seed: null, start: 'measured, hole as estimated', logged: null },
    ]);
    expect(r.states).toBe(55);
    expect(r.tip_m.max).toBeLessThan(1e-6);
  });

  it('without a command is bad usage, and without a config no log of ours', async () => {
    const still = at.path('still.mcap');
    await recordSimulated(still, config, { seeds: [1], states: 3 });
    await expect(inSim([still])).rejects.toThrow(/RA_USAGE/);
    await expect(inSim([path], ['task.world.friction=-1'])).rejects.toThrow(/RA_CONFIG_INVALID/);
  });

  it.each([
    [{ type: 'joint_velocity', message: 'joint_jog' }, 'joint_velocity, joint_jog'],
    [{ type: 'tip_twist' }, 'tip_twist'],
    [{ ...loadRun(RUN).config.robot.interface, message: 'pose_stamped' }, 'cartesian_impedance, pose_stamped'],
  ])('of other commands than the simulated robot takes is refused by their name: %#', async (other, said) => {
    const { robot, task } = loadRun(RUN).config;
    Object.assign(robot, { interface: other });
    await expect(worldOfLog({ robot, task } as RunConfig)).rejects.toMatchObject({
      ...{ code: 'RA_CONFIG_INVALID', seen: `robot.interface of fr3: ${said}` },
    });
  });
});
