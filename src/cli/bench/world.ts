import { PegWorld } from '../../../bridges/mujoco/world.ts';
import type { RunConfig } from '../../core/config-schema.ts';
import { worldOf } from '../../core/task-world.ts';
import { type BenchOptions, type Outcome, rounded } from './rows.ts';

/** Speed of the simulated world in-process, as a multiple of real time, ten times one second of it. */
export async function benchWorld(config: RunConfig, { samples = 10 }: BenchOptions): Promise<Outcome> {
  const world = await PegWorld.load(config.robot, config.task, worldOf(config.task).model);
  world.reset(config.seed);
  const speeds: number[] = [];
  for (let i = 0; i < samples + 1; i++) {
    const from = world.timeNs;
    const at = performance.now();
    while (world.timeNs - from < 1e9) world.advance();
    if (i > 0) speeds.push((world.timeNs - from) / 1e6 / (performance.now() - at));
  }
  world.dispose();
  speeds.sort((a, b) => a - b);
  const at = (share: number) => rounded(speeds[Math.floor(share * (speeds.length - 1))] ?? 0);
  // A speed is bad where it is low: p99 is the slowest second.
  const row = { case: 'world_speed', subject: 'ours', unit: 'x_realtime', p50: at(0.5), p99: at(0), max: at(1) };
  return { results: [{ ...row, samples: speeds.length }] };
}
