/**
 * TD3 on NeoRL-2's Pipeline, with the history of outputs and actions or without: what is done shows twenty steps later. A decision is made for
 * each `ratio` steps of the pipe, or chance would hardly move the flow; a step of the course is an episode.
 */
import type { Parts } from './checkpoint.ts';
import { type Course, type CourseHooks, courseFolder, follow } from './course.ts';
import type { Agent, Environment, EpisodeResult } from './environment.ts';
import { PipelineDelay } from './environments/pipeline-delay.ts';
import { scaled } from './environments/scaled.ts';
import { episodeOf } from './environments/stepped.ts';
import { persistentCounters } from './learner.ts';
import { AtDecisionRate } from './shield.ts';
import { TD3_DEFAULTS, Td3, type Td3Options } from './td3.ts';
import { summary } from './trainer.ts';

/** As plain data. */
export interface DelayedPipe {
  history: boolean;
  seed: number;
  /** Decisions of training. */
  steps: number;
  ratio: number;
  td3: Partial<Td3Options>;
  /** Episodes that judge it in the end, of seeds from `seed` on. */
  judged: { episodes: number; seed: number };
  /** Folder of the run; none: nothing is kept. */
  run?: string;
  /** Goes on with what is in `run`, where that was the same. */
  resume?: boolean;
}

/** The pipe, with flows about 1. */
export function delayedPipe(history: boolean): Environment {
  const environment = new PipelineDelay({ history });
  const n = environment.observationSize;
  // The first 27 numbers are flows, the rest are actions.
  const flow = (i: number) => i < 27;
  const mean = Float64Array.from({ length: n }, (_, i) => (flow(i) ? 100 : 0));
  const scale = Float64Array.from({ length: n }, (_, i) => (flow(i) ? 40 : 1));
  return episodeOf(scaled(environment, mean, scale));
}

/** The evaluation episodes of an agent. */
export function judgePipe(history: boolean, agent: Agent, { episodes, seed }: DelayedPipe['judged']): EpisodeResult[] {
  const environment = delayedPipe(history);
  return Array.from({ length: episodes }, (_, i) => environment.episode(seed + i, agent));
}

class PipeCourse implements Course {
  readonly of: number;
  readonly figures = { return: Number.NaN, critic: Number.NaN };
  readonly learner: Td3;
  readonly #seed: number;
  readonly #environment: Environment;
  readonly #agent: Agent;
  #episodes = 0;

  constructor({ history, seed, steps, ratio, td3 }: DelayedPipe) {
    this.of = steps;
    this.#seed = seed;
    this.#environment = delayedPipe(history);
    this.learner = new Td3(this.#environment, { ...TD3_DEFAULTS, ...td3, seed });
    this.#agent = new AtDecisionRate(this.learner, ratio);
  }

  get done(): number {
    return this.learner.steps;
  }

  step(): void {
    const { return: sum } = this.#environment.episode(this.#seed * 1000 + this.#episodes, this.#agent);
    this.#episodes++;
    this.figures.return = sum;
    this.figures.critic = this.learner.figures.critic;
  }

  parts(): Parts {
    const counters = persistentCounters(
      () => ({ episodes: this.#episodes }),
      (n) => {
        this.#episodes = n.episodes as number;
      },
    );
    return { ...this.learner.parts(), course: counters };
  }
}

/** Trains, and judges. Answers the mean return of the judging episodes; null where it was ended early. */
export async function trainDelayedPipe(given: DelayedPipe, hooks: CourseHooks): Promise<number | null> {
  const began = performance.now();
  const { run: path, resume, judged, ...what } = given;
  const { history, seed, steps, ratio } = what;
  const course = new PipeCourse(given);
  const run = courseFolder(
    path,
    {
      ...{ name: `delay, ${history ? 'with history' : 'without'}`, algorithm: 'td3', task: 'pipeline-delay' },
      ...{ seed, steps, command: 'reflexarc bench learning --case delay', began },
      settings: { ...what, judged },
    },
    resume ? 'if the same' : false,
  );
  if (!(await follow(course, { ...run, ...hooks }))) return null;
  const { learner } = course;
  const agent = new AtDecisionRate({ act: (step, action) => learner.exploit(step, action) }, ratio);
  const results = judgePipe(history, agent, judged);
  const final = { ...summary(results), steps: course.done };
  run.folder?.update({ final });
  return final.return_mean;
}
