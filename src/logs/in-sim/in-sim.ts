import type { EpisodeStatus } from '../../../bridges/messages/messages.ts';
import { PegWorld } from '../../../bridges/mujoco/world.ts';
import type { RunConfig } from '../../core/config-schema.ts';
import { ReflexArcError } from '../../core/errors.ts';
import { worldOf } from '../../core/task-world.ts';
import { worldConfigOfLog } from '../log-config.ts';
import { isWithin, WHOLE, type Window } from '../window.ts';
import { episodesIn, type LoggedEpisode } from './episodes.ts';
import { type Parted, type PartedAt, Parting } from './parting.ts';
import { rerun } from './rerun.ts';
import type { Start } from './start.ts';

/** What an episode came to. */
export interface Outcome {
  phase: string;
  success: boolean;
  violation: boolean;
  /** N */
  max_force: number;
  /** m */
  depth: number;
}

export interface EpisodeInSim extends Parted {
  /** As the task numbers it, and its seed; null where the log says none. */
  episode: number | null;
  seed: number | null;
  start: Start;
  /** Compared, s since the first message of the log. */
  from_s: number;
  to_s: number;
  commands: number;
  /** By the task's own word; null where the log has none. */
  logged: Outcome | null;
  simulated: Outcome;
}

export interface InSim extends Parted {
  /** Of the config, against the run of the log. */
  changes: readonly string[];
  joint_names: readonly string[];
  episodes: EpisodeInSim[];
  commands: number;
  at: PartedAt[];
}

/**
 * The simulated world of a run.
 * @throws ReflexArcError RA_CONFIG_INVALID for a robot of other commands than the simulated one takes, or a task without a world
 */
export async function worldOfLog({ robot, task }: RunConfig): Promise<PegWorld> {
  const how = robot.interface;
  if (how.type !== 'cartesian_impedance' || how.message !== 'equilibrium_command')
    throw new ReflexArcError('RA_CONFIG_INVALID', {
      seen: `robot.interface of ${robot.name}: ${how.type}${'message' in how ? `, ${how.message}` : ''}`,
      allowed: 'cartesian_impedance, equilibrium_command: the simulated robot takes no other commands',
      next: 'Ask `replay --set …` what gate and policies would have done, on the logged states; it needs no simulation.',
    });
  return PegWorld.load(robot, task, worldOf(task).model);
}

/**
 * Executes the commands of a log in the simulated world of its run, episode by episode, and says how reality and simulation
 * part. Nobody answers what the simulation does: the commands are those of the log. A log of the simulation, at rates that it
 * kept, gives the same states to the last bit.
 * @param sets overrides of the log's config, e.g. of `task.world`
 * @param window what is compared
 * @throws ReflexArcError RA_LOG_DAMAGED, RA_CONFIG_… for a log of another robot or without a world, RA_USAGE without a command in the window
 */
export async function inSim(
  paths: readonly string[],
  sets: readonly string[] = [],
  window: Window = WHOLE,
  onEpisode: (done: number) => void = () => {},
): Promise<InSim> {
  const { config, changes } = await worldConfigOfLog(paths[0]!, sets);
  const world = await worldOfLog(config);
  const joints = config.robot.joints.map((j) => j.name);
  const all = new Parting(joints.length);
  const episodes: EpisodeInSim[] = [];
  try {
    for await (const episode of episodesIn(paths, config, world.periodNs)) {
      if ((episode.states[0]?.atS ?? Number.POSITIVE_INFINITY) > window.toS) break;
      const one = play(world, episode, config.safety.lease_ms, window, all);
      if (one === null) continue;
      episodes.push(one);
      onEpisode(episodes.length);
      await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    world.dispose();
  }
  if (episodes.length === 0) throw nothingSent(paths);
  const commands = episodes.reduce((sum, one) => sum + one.commands, 0);
  return { changes, joint_names: joints, ...all.parted, at: all.at, commands, episodes };
}

/** Null where nothing of it can be compared. */
function play(
  world: PegWorld,
  episode: LoggedEpisode,
  leaseMs: number,
  window: Window,
  all: Parting,
): EpisodeInSim | null {
  const own = new Parting(world.robot.joints.length);
  let fromS = Number.NaN;
  let toS = Number.NaN;
  all.begin();
  own.begin();
  const start = rerun(world, episode, leaseMs, (state, sinceS, apart) => {
    if (!isWithin(window, state.atS)) return;
    if (Number.isNaN(fromS)) fromS = state.atS;
    toS = state.atS;
    all.take(sinceS, apart);
    own.take(sinceS, apart);
  });
  all.end();
  const { parted } = own;
  if (start === null || parted.states === 0) return null;
  const { index, seed, result, commands } = episode;
  return {
    ...{ episode: index, seed, start, from_s: fromS, to_s: toS, commands: commands.length },
    ...{ logged: result === null ? null : outcome(result), simulated: outcome(world.episode()) },
    ...parted,
  };
}

export const nothingSent = (paths: readonly string[]) =>
  new ReflexArcError('RA_USAGE', {
    seen: `${paths.join(', ')}: no command that was sent, with a state that it answers`,
    allowed: 'a log, or a stretch of one, in which a policy or a person moved the robot',
  });

export const outcome = ({ phase, success, violation, max_force, depth }: EpisodeStatus): Outcome => ({
  ...{ phase, success, violation, max_force, depth },
});
