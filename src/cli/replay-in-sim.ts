import { inSim } from '../logs/in-sim/in-sim.ts';
import type { Window } from '../logs/window.ts';
import { closedLoopText, inSimText } from './in-sim-text.ts';
import { LiveLine } from './output.ts';
import type { ReplayOptions } from './replay-options.ts';

/** `reflexarc replay --in-sim`: the logged commands in the simulated world. Returns 0: that they part is no failure. */
export async function replayInSim(
  logs: readonly string[],
  { set, json = false }: ReplayOptions,
  window: Window,
): Promise<number> {
  const stream = json ? process.stderr : process.stdout;
  const live = new LiveLine(stream);
  const result = await inSim(logs, set, window, (done) => live.show(`episode ${done}`));
  live.done();
  stream.write(`${inSimText(result)}\n`);
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
  return 0;
}

/** `reflexarc replay --closed-loop`: policies and gate in the simulated world, from where the logged episodes began. Returns 0. */
export async function replayClosedLoop(
  logs: readonly string[],
  sets: readonly string[],
  { json = false }: ReplayOptions,
  window: Window,
): Promise<number> {
  const stream = json ? process.stderr : process.stdout;
  const live = new LiveLine(stream);
  const { closedLoop } = await import('../logs/in-sim/closed-loop.ts');
  const result = await closedLoop(logs, sets, window, (done) => live.show(`episode ${done}`));
  live.done();
  stream.write(`${closedLoopText(result)}\n`);
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
  return 0;
}
