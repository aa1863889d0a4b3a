import { serveWorld } from '../../bridges/mujoco/serve.ts';
import { PegWorld } from '../../bridges/mujoco/world.ts';
import { RosServer } from '../../bridges/rosserver/server.ts';
import { MonotonicClock } from '../core/clock.ts';
import { loadRun } from '../core/config/load.ts';
import { worldOf } from '../core/task-world.ts';

export interface SimOptions {
  port?: number;
  speed?: 'real' | 'max';
  seed?: number;
  json?: boolean;
  set: string[];
}

/** `reflexarc sim`: the simulated robot on a rosbridge server, until it is told to end. Returns the exit code. */
export async function sim(configFile: string, options: SimOptions): Promise<number> {
  const { config } = loadRun(configFile, options.set);
  const url = new URL(config.bridge.url);
  const clock = new MonotonicClock();
  const world = await PegWorld.load(config.robot, config.task, worldOf(config.task).model);
  const server = new RosServer({ host: '127.0.0.1', port: options.port ?? Number(url.port || 9090), clock });
  const { host, port } = await server.listen();
  const pacing = options.speed === 'max' ? 'stepped' : 'real';
  const served = serveWorld(world, server, { clock, pacing, seed: options.seed ?? config.seed });
  const address = `ws://${host}:${port}`;
  if (options.json) process.stdout.write(`${JSON.stringify({ listening: address, pacing })}\n`);
  else
    process.stdout.write(
      `simulated robot ${config.robot.name} (${config.task.name}) on ${address}, ${pacing} time; Ctrl-C ends it\n`,
    );

  await new Promise<void>((resolve) => {
    // Started by `demo` (stdin is a pipe), it ends with its parent, and leaves Ctrl-C to it.
    if (process.stdin.isTTY !== true && options.json) {
      process.stdin.on('end', resolve).on('error', resolve).resume();
      process.on('SIGINT', () => {});
    } else process.on('SIGINT', resolve);
    process.on('SIGTERM', resolve);
  });
  served.stop();
  await server.close();
  world.dispose();
  return 0;
}
