import { scriptedAction } from '../../policies/base/scripted.ts';
import { SeededRandom } from '../core/random.ts';
import type { Transition } from './environment.ts';
import type { PegEnvironment } from './environments/peg.ts';

export interface ExpertOptions {
  /** Successful episodes that are kept. */
  episodes: number;
  seed: number;
  /** Standard deviation of the noise on what the expert wants, in action units; none on the stiffness. */
  noise: number;
}

/**
 * Transitions of the scripted expert, who sees the true hole, in the environment of the learner: what the expert wants
 * further from the base than the learner may go is cut like the learner's own. Only successes are handed on (ResFiT).
 * Returns how many episodes were played for them, and their decisions.
 */
export function expertTransitions(
  environment: PegEnvironment,
  { episodes, seed, noise }: ExpertOptions,
  take: (transition: Transition) => void,
): { played: number; decisions: number } {
  const random = new SeededRandom(seed).fork('expert');
  const relative = new Float64Array(3);
  const { world, actionSize } = environment;
  let played = 0;
  let decisions = 0;
  for (let kept = 0; kept < episodes; ) {
    const transitions: Transition[] = [];
    const { success } = environment.episode(seed * 100_000 + played++, {
      act(_step, out) {
        for (let i = 0; i < 3; i++) relative[i] = world.pose[i]! - world.holePose[i]!;
        scriptedAction(relative, out);
        for (let i = 0; i < actionSize - 1; i++) out[i] = out[i]! + noise * random.normal();
      },
      observe: (t) => void transitions.push(structuredClone(t)),
    });
    if (!success) continue;
    kept++;
    decisions += transitions.length;
    for (const t of transitions) take(t);
  }
  return { played, decisions };
}
