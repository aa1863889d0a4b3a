import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { identifyLog } from '../../../src/cli/identify.ts';
import { loadRun } from '../../../src/core/config/load.ts';
import { packageRoot } from '../../../src/core/paths.ts';
import type { Identified } from '../../../src/logs/in-sim/identify.ts';
import { inSim } from '../../../src/logs/in-sim/in-sim.ts';
import { nelderMead } from '../../../src/logs/in-sim/nelder-mead.ts';
import { folder } from '../../bridges/mcap/rig.ts';
import { recordSimulated } from './rig.ts';

const at = folder();
afterAll(() => at.remove());
const run = (sets: string[]) => loadRun(`${packageRoot}/configs/runs/peg.yaml`, sets).config;

describe('the parameters of a world, found from a log', () => {
  it('damping that the config does not know is found within 1 %, and the run that is written is that world', async () => {
    const path = at.path('damped.mcap');
    await recordSimulated(path, run(['task.world.joint_damping=3']), { seeds: [4, 5], states: 40, logged: run([]) });
    const said: string[] = [];
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => said.push(String(text)) > 0);
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const out = at.path('found.yaml');
    expect(await identifyLog([path], { parameter: ['joint_damping'], set: [], out, json: true })).toBe(0);
    vi.restoreAllMocks();
    const r = JSON.parse(said.at(-1)!) as Identified;
    const [{ name, before, after, without }] = r.parameters as [Identified['parameters'][0]];
    expect([name, before]).toEqual(['joint_damping', 0.5]);
    expect(Math.abs(after / 3 - 1)).toBeLessThan(0.01);
    expect(r.after.joint_rad).toBeLessThan(r.before.joint_rad / 50);
    expect(without.joint_rad).toBe(r.before.joint_rad);
    expect(r.sets).toEqual([`task.world.joint_damping=${after}`]);
    expect(parse(readFileSync(out, 'utf8')).task.world.joint_damping).toBe(after);
    expect(loadRun(out).config.task.world!.joint_damping).toBe(after);
    expect((await inSim([path], r.sets)).tip_m.rms).toBeCloseTo(r.after.tip_m, 9);
    await expect(identifyLog([path], { parameter: [], set: [], out })).rejects.toThrow(/RA_FILE_EXISTS/);
  });

  it('the right world gives no difference: payload and dry friction are of it', async () => {
    const path = at.path('loaded.mcap');
    const sets = ['task.world.payload=0.3', 'task.world.joint_friction=0.4'];
    await recordSimulated(path, run(sets), { seeds: [4, 5], states: 30, logged: run([]) });
    const bare = await inSim([path]);
    const right = await inSim([path], sets);
    expect(bare.tip_m.rms).toBeGreaterThan(1e-4);
    expect(right.episodes[1]!.tip_m.max).toBe(0);
  });

  it('another name is bad usage', async () => {
    await expect(identifyLog(['x'], { parameter: ['mass'], set: [] })).rejects.toThrow(
      /RA_USAGE: --parameter mass; allowed: joint_damping, joint_friction, payload, friction/,
    );
  });
});

describe('the search of Nelder and Mead', () => {
  const options = { step: [1, 1], tolerance: 1e-7, evaluations: 2000 };

  it("finds the valley's end of Rosenbrock's function", async () => {
    const f = async ([x, y]: readonly number[]) => 100 * (y! - x! ** 2) ** 2 + (1 - x!) ** 2;
    const bounds = [
      [-5, 5],
      [-5, 5],
    ] as const;
    const { at: best, evaluations } = await nelderMead(f, [-1.2, 1], { ...options, bounds });
    expect(best[0]).toBeCloseTo(1, 5);
    expect(best[1]).toBeCloseTo(1, 5);
    expect(evaluations).toBeLessThan(400);
  });

  it('stays within bounds, takes what is no number for the worst, and ends after so many evaluations', async () => {
    const asked: number[][] = [];
    const f = async (x: readonly number[]) => {
      asked.push([...x]);
      return x[0]! > 1.5 ? Number.NaN : (x[0]! - 3) ** 2 + x[1]! ** 2;
    };
    const bounds = [
      [-1, 2],
      [0.5, 9],
    ] as const;
    const { at: best } = await nelderMead(f, [0, 4], { ...options, bounds });
    expect(best[0]).toBeCloseTo(1.5, 3);
    expect(best[1]).toBeCloseTo(0.5, 3);
    for (const [x, y] of asked) expect(x! >= -1 && x! <= 2 && y! >= 0.5 && y! <= 9).toBe(true);
    const few = await nelderMead(f, [0, 4], { ...options, bounds, evaluations: 10 });
    expect(few.evaluations).toBeLessThanOrEqual(13);
  });
});
