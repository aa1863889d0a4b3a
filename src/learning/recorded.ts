/**
 * Trajectories that were recorded elsewhere, as what is trained on: demonstrations for behaviour cloning, transitions for a
 * replay buffer. Both from frames at the rate of the policy (src/logs/trajectories/frames.ts).
 */
import { RecedingHorizon } from '../../controllers/chunks/receding-horizon.ts';
import type { BasePolicy } from '../../policies/policy.ts';
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

/** What a residual is learned from: `demonstrations` are the steps of episodes that succeeded, `online` those of all others. */
export interface RecordedTransitions {
  readonly demonstrations: readonly Transition[];
  readonly online: readonly Transition[];
}

/** The same of episodes, by whether they succeeded. */
export function sortedOut(
  episodes: Iterable<{ success: boolean; transitions: Iterable<Transition> }>,
): RecordedTransitions & { successes: number; failures: number } {
  const out = { demonstrations: [] as Transition[], online: [] as Transition[], successes: 0, failures: 0 };
  for (const { success, transitions } of episodes) {
    out[success ? 'successes' : 'failures']++;
    out[success ? 'demonstrations' : 'online'].push(...transitions);
  }
  return out;
}

/**
 * Episodes of somebody else as a residual learns from them: the steps of `transitionsOf`, with what the frozen base would have done at
 * each, asked for as the daemon asks it (`executeSteps` of each chunk, anew in each episode). An episode has succeeded when a
 * reward in it is above 0; one that ends with such a reward has ended for good, whatever `done` says: bootstrapped, its last frame, which follows on itself, would be
 * worth that reward for ever. `baseObservation`: what the base sees, in place of `observation`.
 * @throws ReflexArcError RA_USAGE as `demonstrationsOf`, and without rewards: nobody would know what was a success
 */
export async function* residualEpisodesOf(
  frames: Frames,
  features: RecordedFeatures & { readonly baseObservation: string },
  sizes: RecordedSizes,
  base: BasePolicy,
  executeSteps: number,
): AsyncGenerator<{ success: boolean; transitions: Transition[] }> {
  const { baseObservation, reward } = features;
  if (reward === undefined) throw refuse('no rewards', 'a channel with the reward of each step');
  check(
    frames,
    { observation: baseObservation, action: features.action },
    { ...sizes, observationSize: base.observationSize },
  );
  for (const episode of frames.episodes) {
    const transitions = [...transitionsOf({ ...frames, episodes: [episode] }, features, sizes)];
    const bases = await basesAt(episode.rows.get(baseObservation)!, base, executeSteps);
    const whole = transitions.map((t, k): Transition => {
      const over = k === transitions.length - 1 && t.reward > 0;
      const end = over ? { terminated: true, truncated: false } : {};
      return { ...t, base: bases[k]!, nextBase: bases[k + 1]!, ...end };
    });
    yield { success: whole.some((t) => t.reward > 0), transitions: whole };
  }
}

/** The base's action at each observation, and once more at the last: what it would have done next. */
async function basesAt(rows: readonly Float64Array[], base: BasePolicy, executeSteps: number): Promise<Float64Array[]> {
  const { actionSize, horizon } = base;
  const executor = new RecedingHorizon(actionSize, horizon, executeSteps);
  const chunk = new Float64Array(actionSize * horizon);
  const out: Float64Array[] = [];
  for (const [k, row] of [...rows, rows.at(-1)!].entries()) {
    if (executor.needsChunk) {
      executor.mark(k);
      await base.infer(row, chunk);
      executor.plan(chunk, horizon, k, 0);
    }
    const action = new Float64Array(actionSize);
    executor.next(action);
    out.push(action);
  }
  return out;
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
