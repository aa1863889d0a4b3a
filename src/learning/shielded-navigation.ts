/**
 * Recovery RL's navigation, learned under a shield (shielded.ts): violations count from the first episode of training on. A step of the course is
 * an episode.
 */
import type { Parts } from './checkpoint.ts';
import { type Course, type CourseHooks, courseFolder, follow } from './course.ts';
import type { Environment, SteppedEnvironment, Transition } from './environment.ts';
import { Navigation } from './environments/navigation.ts';
import { offlineNavigation } from './environments/navigation-offline.ts';
import { scaled } from './environments/scaled.ts';
import { episodeOf } from './environments/stepped.ts';
import { persistentCounters } from './learner.ts';
import type { ShieldMode } from './shield.ts';
import { Shielded, type ShieldedOptions } from './shielded.ts';

/** As plain data. */
export interface ShieldedNavigation {
  map: 1 | 2;
  mode: ShieldMode;
  seed: number;
  episodes: number;
  /** Control steps in one decision. */
  ratio: number;
  /** Positions and rewards are divided by this: networks want numbers about 1. */
  scale: number;
  /** Transitions of random actions that critic and recovery are prepared with. */
  offline: number;
  options: Omit<ShieldedOptions, 'mode' | 'seed' | 'ratio'>;
  /** Folder of the run; none: nothing is kept. */
  run?: string;
  /** Goes on with what is in `run`, where that was the same. */
  resume?: boolean;
}

export interface NavigationRun {
  successes: number;
  violations: number;
  interventions: number;
  no_safe_candidate: number;
  /** After each episode, so far. */
  successes_so_far: number[];
  violations_so_far: number[];
}

class NavigationCourse implements Course {
  readonly of: number;
  readonly run: NavigationRun = {
    ...{ successes: 0, violations: 0, interventions: 0, no_safe_candidate: 0 },
    ...{ successes_so_far: [], violations_so_far: [] },
  };
  readonly #seed: number;
  readonly #learner: Shielded;
  readonly #environment: Environment;

  /** `prepared`: what is learned before comes from a checkpoint. */
  constructor({ map, mode, seed, episodes, ratio, scale, offline, options }: ShieldedNavigation, prepared: boolean) {
    this.of = episodes;
    this.#seed = seed;
    const shrunk = (v: number) => v / scale;
    const transitions = prepared ? [] : offlineNavigation(map, offline, seed, ratio);
    const shown = transitions.map(
      (t): Transition => ({
        ...{ observation: t.observation.map(shrunk), nextObservation: t.nextObservation.map(shrunk) },
        ...{ base: NONE, nextBase: NONE, proposed: t.action, executed: t.action, reward: 0, cost: t.cost },
        ...{ terminated: t.terminated, truncated: false, intervened: 'none' },
      }),
    );
    const pretraining = prepared ? 0 : options.pretraining;
    const sizes = { observationSize: 2, actionSize: 2, baseSize: 0 };
    this.#learner = new Shielded(sizes, shown, { ...options, pretraining, mode, seed, ratio });
    const stepped = shrinking(new Navigation({ map, controlSteps: ratio }), scale);
    this.#environment = episodeOf(stepped, { shield: this.#learner.shield });
  }

  get done(): number {
    return this.run.successes_so_far.length;
  }

  get figures(): Record<string, number> {
    const { successes, violations, interventions } = this.run;
    const { critic, recovery, task } = this.#learner;
    return {
      successes,
      violations,
      interventions,
      critic: task.figures.critic,
      risk: critic.loss,
      recovery: recovery.risk,
    };
  }

  step(): void {
    const { run } = this;
    const { success, violation } = this.#environment.episode(this.#seed * 10_000 + this.done, this.#learner.agent);
    if (success) run.successes++;
    if (violation) run.violations++;
    run.successes_so_far.push(run.successes);
    run.violations_so_far.push(run.violations);
    const { interventions, noSafeCandidate } = this.#learner.shield.counters;
    Object.assign(run, { interventions, no_safe_candidate: noSafeCandidate });
  }

  parts(): Parts {
    const { run } = this;
    return {
      ...this.#learner.parts(),
      run: persistentCounters(
        () => ({ ...run }),
        (n) => void Object.assign(run, n),
      ),
    };
  }
}

const NONE = new Float64Array(0);

/** Positions and rewards about 1. */
function shrinking(environment: SteppedEnvironment, scale: number): SteppedEnvironment {
  const inner = scaled(environment, new Float64Array(2), new Float64Array(2).fill(scale));
  return {
    ...inner,
    step(action, observation) {
      const result = inner.step(action, observation);
      return { ...result, reward: result.reward / scale };
    },
  };
}

/** Null where it was ended early. */
export async function trainShieldedNavigation(
  given: ShieldedNavigation,
  hooks: CourseHooks,
): Promise<NavigationRun | null> {
  const began = performance.now();
  const { run: path, resume, ...what } = given;
  const { map, mode, seed, episodes, ...settings } = what;
  const { folder, checkpoint } = courseFolder(
    path,
    {
      ...{ name: `navigation ${map}, ${mode}`, algorithm: `sac, ${mode}`, task: `navigation-${map}`, seed },
      ...{ steps: episodes, command: 'reflexarc bench learning --case navigation', began },
      settings: { ...settings, map, mode },
    },
    resume ? 'if the same' : false,
  );
  const course = new NavigationCourse(given, checkpoint !== null);
  return (await follow(course, { folder, checkpoint, ...hooks })) ? course.run : null;
}
