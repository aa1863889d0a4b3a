/**
 * Trajectories that were recorded elsewhere, as what is trained on: demonstrations for behaviour cloning, transitions for a
 * replay buffer. Both from frames at the rate of the policy (src/logs/trajectories/frames.ts).
 */
import { ReflexArcError } from '../core/errors.ts';
import type { FramedEpisode, Frames } from '../logs/trajectories/frames.ts';
import type { Demonstration } from './demonstrations.ts';
import type { Transition } from './environment.ts';

/** Which features are what. */
export interface RecordedFeatures {
  /** What the policy sees, as the task's observation lays it out. */
  readonly observation: string;
  /** In the units of the policy: [-1, 1]. */
  readonly action: string;
  /** One number; 0 everywhere without it. */
  readonly reward?: string | undefined;
  /** One number, not 0 where the episode ended for good; without it every episode was cut short. */
  readonly done?: string | undefined;
}

/** Sizes that the policy has. */
export interface RecordedSizes {
  readonly observationSize: number;
  readonly actionSize: number;
}

/** Each episode as a demonstration; its number is the seed. @throws ReflexArcError RA_USAGE as `rowsOf` */
export function demonstrationsOf(frames: Frames, features: RecordedFeatures, sizes: RecordedSizes): Demonstration[] {
  check(frames, features, sizes);
  return frames.episodes.map((episode) => ({
    seed: episode.index,
    success: true,
    observations: [...episode.rows.get(features.observation)!],
    actions: [...episode.rows.get(features.action)!],
  }));
}

/**
 * The steps of the episodes for `ReplayBuffer.add`, in order: from each frame to the next one with the reward and the end of
 * the frame in which the action was taken (LeRobot's `next.reward`, `next.done`). The last frame of an episode has no next one:
 * it is its own, and ends the episode. What was executed is what was recorded; there is no base.
 * @throws ReflexArcError RA_USAGE as `demonstrationsOf`
 */
export function* transitionsOf(
  frames: Frames,
  features: RecordedFeatures,
  sizes: RecordedSizes,
): Generator<Transition> {
  check(frames, features, sizes);
  const base = new Float64Array(0);
  for (const { rows, length } of frames.episodes) {
    const observations = rows.get(features.observation)!;
    const actions = rows.get(features.action)!;
    const number = (name: string | undefined, k: number) => (name === undefined ? 0 : rows.get(name)![k]![0]!);
    for (let k = 0; k < length; k++) {
      const terminated = number(features.done, k) !== 0;
      yield {
        ...{ observation: observations[k]!, nextObservation: observations[Math.min(k + 1, length - 1)]! },
        ...{ proposed: actions[k]!, executed: actions[k]!, base, nextBase: base },
        ...{ reward: number(features.reward, k), cost: 0, intervened: 'none' },
        ...{ terminated, truncated: !terminated && k === length - 1 },
      };
    }
  }
}

/** @throws ReflexArcError RA_USAGE for a feature that is missing or of another size, or an action beyond [-1, 1], with its place */
function check({ entries, episodes }: Frames, features: RecordedFeatures, sizes: RecordedSizes): void {
  const { observation, action, reward, done } = features;
  const wanted: [string | undefined, number][] = [
    [observation, sizes.observationSize],
    [action, sizes.actionSize],
    [reward, 1],
    [done, 1],
  ];
  for (const [name, size] of wanted) {
    if (name === undefined) continue;
    const has = entries.get(name)?.length ?? 0;
    if (has !== size) throw refuse(`feature ${name} with ${has} numbers`, `${size} numbers`);
  }
  for (const episode of episodes) checkActions(episode, action);
}

function checkActions({ index, rows }: FramedEpisode, action: string): void {
  for (const [k, row] of rows.get(action)!.entries()) {
    const beyond = row.find((v) => Math.abs(v) > 1);
    if (beyond !== undefined)
      throw refuse(`${action} of ${beyond} in episode ${index}, frame ${k}`, 'actions in [-1, 1]');
  }
}

const refuse = (seen: string, allowed: string) =>
  new ReflexArcError('RA_USAGE', {
    seen,
    allowed,
    next: 'Name other channels, or scale the actions to the units of the policy before the import.',
  });
