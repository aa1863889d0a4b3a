import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { EpisodeStatus } from '../../bridges/messages/messages.ts';
import { OperatorScript } from '../../src/cli/operator-script.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { whatIf } from '../../src/logs/what-if.ts';
import { callTrigger, listen, pause, rosClient, Sim, startDaemon, until } from './harness.ts';

/** The shipped example: three episodes, with a critic that is heeded early, and a brain that is killed in the second. */
export const EXAMPLE = 'configs/examples/peg.mcap';
/** How the episodes must end. */
const ENDS = ['success', 'brain_lost', 'success'];
const KILLED_IN = ENDS.indexOf('brain_lost');
const KILLED_AT_S = 0.8;
const SEED = 1;
/** The policies do not come near the shipped bounds in three episodes. */
export const RISK = { low: 0.05, high: 0.1 };

const TRIES = 5;

/**
 * Records the example again: the shipped run on the simulated robot, in steps, so that a busy machine stops nothing. The
 * working folder is the package's. Where an episode ends otherwise than it must, all of it is recorded again.
 */
export async function recordExample(): Promise<void> {
  const path = join(packageRoot, EXAMPLE);
  for (let tries = 1; ; tries++) {
    const ended = await recordOnce(path).catch((error: Error) => [error.message]);
    // Where a decision is not known, the residual of the log stays in what is asked without one.
    const isWhole = (await whatIf([path], ['policies.residual.scale=0'])).would.residual_norm === 0;
    if (ended.join() === ENDS.join() && isWhole) return;
    if (tries === TRIES)
      throw new Error(`episodes ended by ${ended}; every decision known: ${isWhole}; ${TRIES} times`);
  }
}

/** How each episode ended. */
async function recordOnce(path: string): Promise<string[]> {
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { force: true });
  const sim = await Sim.start(undefined, ['--seed', String(SEED), '--speed', 'max']);
  const t = await startDaemon(
    sim.port,
    (config) => {
      Object.assign(config.safety.risk, RISK);
      Object.assign(config.log, { dir: 'logs', compression: 'zstd', black_box_s: 0 });
      config.seed = SEED;
      Object.assign(config.daemon, { time: 'stepped', heartbeat_ms: 5000 });
      for (const kind of ['base', 'residual', 'critic'] as const) {
        const weights = config.policies[kind];
        if (weights.path !== undefined) weights.path = withinPackage(weights.path);
      }
      const { world } = config.task;
      if (world !== undefined) world.model = withinPackage(world.model);
    },
    path,
  );
  const ros = await rosClient(sim.port);
  const robot = {
    latest: null as EpisodeStatus | null,
    async reset() {
      await callTrigger(ros, '/reset_episode');
    },
  };
  listen<EpisodeStatus>(ros, '/episode', 'reflexarc_msgs/msg/EpisodeStatus', (m) => {
    robot.latest = m;
  });
  try {
    // The observer serves once it records: no decision of an armed robot may be missing.
    const { console_port } = t.config.daemon;
    while (!(await fetch(`http://127.0.0.1:${console_port}/`).catch(() => null))?.ok) await pause(20);
    const script = new OperatorScript(t.daemon.reflex, robot, new AbortController().signal);
    const ended: string[] = [];
    for (let n = 0; n < ENDS.length; n++) {
      const episode = script.episode();
      if (n === KILLED_IN) {
        const active = t.daemon.reflex.until((s) => s.mode === 'ACTIVE', 20_000).then(() => true);
        active.catch(() => {});
        if (await Promise.race([active, episode.then(() => false)])) {
          await until(() => (robot.latest?.duration_s ?? 0) > KILLED_AT_S, 20_000, 'the middle of the episode');
          process.kill(t.daemon.pids.get('brain')!, 'SIGKILL');
        }
      }
      ended.push((await episode).ended);
      if (ended.at(-1) !== ENDS[n]) break;
    }
    return ended;
  } finally {
    ros.close();
    await t.stop();
    await sim.stop();
  }
}

const withinPackage = (path: string) => (path.startsWith(packageRoot) ? path.slice(packageRoot.length + 1) : path);
