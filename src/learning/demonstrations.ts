import { PegWorld } from '../../bridges/mujoco/world.ts';
import { scriptedAction } from '../../policies/base/scripted.ts';
import type { BasePolicy, ResidualPolicy, RiskCritic } from '../../policies/policy.ts';
import type { RunConfig } from '../core/config-schema.ts';
import { SeededRandom } from '../core/random.ts';
import { worldOf } from '../core/task-world.ts';
import { InProcessRun } from '../pipeline/in-process.ts';
import { compileObservation } from '../pipeline/observation/compile.ts';

export interface Demonstration {
  readonly seed: number;
  readonly success: boolean;
  /** What the base policy sees, one row a decision. */
  readonly observations: Float64Array[];
  /** What the demonstrator wanted there, without the noise that was added to it. */
  readonly actions: Float64Array[];
}

export const ACTION_SIZE = 4;

/** A critic that sees no danger, for collecting: the hard limits of the gate hold without it. */
export const carefree: RiskCritic = {
  inputSize: 13,
  sha256: '',
  evaluate: (_inputs, count, risks) => {
    risks.fill(0, 0, count);
  },
};

export const noResidual: ResidualPolicy = {
  // It looks at nothing.
  observationSize: 0,
  actionSize: ACTION_SIZE,
  sha256: '',
  infer: (_observation, _base, out) => {
    out.fill(0);
  },
};

/**
 * Demonstrations of the scripted expert, who sees the *true* hole while the observation holds only the estimate. Noise
 * is added to what is executed, not to what is recorded, so that the clone sees how to come back (DART, Laskey 2017).
 * They go through the same pipeline and gate as everything else.
 */
export async function demonstrate(
  config: RunConfig,
  options: {
    episodes: number;
    seed: number;
    noise: number;
    onEpisode?(done: number): void;
    signal?: Pick<AbortSignal, 'aborted'>;
  },
): Promise<Demonstration[]> {
  const world = await PegWorld.load(config.robot, config.task, worldOf(config.task).model);
  const random = new SeededRandom(options.seed).fork('demonstrations');
  const wanted = new Float64Array(ACTION_SIZE);
  const relative = new Float64Array(3);
  const expert: BasePolicy = {
    observationSize: compileObservation(config.robot, config.task).baseSize,
    actionSize: ACTION_SIZE,
    horizon: 1,
    sha256: '',
    infer(_observation, chunk) {
      for (let i = 0; i < 3; i++) relative[i] = world.pose[i]! - world.holePose[i]!;
      scriptedAction(relative, wanted);
      for (let i = 0; i < ACTION_SIZE; i++) {
        const noise = i < 3 ? options.noise * random.normal() : 0;
        chunk[i] = Math.max(-1, Math.min(1, wanted[i]! + noise));
      }
    },
  };
  const collecting = structuredClone(config);
  collecting.policies.base.execute_steps = 1;
  const run = new InProcessRun({ config: collecting, world, base: expert, residual: noResidual, critic: carefree });
  let observations: Float64Array[] = [];
  let actions: Float64Array[] = [];
  run.decided$.subscribe(({ observation }) => {
    observations.push(observation.base.slice());
    actions.push(wanted.slice());
  });
  const demonstrations: Demonstration[] = [];
  for (let i = 0; i < options.episodes && !options.signal?.aborted; i++) {
    observations = [];
    actions = [];
    const seed = options.seed * 100_000 + i;
    const { episode } = run.episode(seed);
    demonstrations.push({ seed, success: episode.success, observations, actions });
    options.onEpisode?.(i + 1);
    if (i % 10 === 9) await new Promise((resolve) => setImmediate(resolve));
  }
  world.dispose();
  return demonstrations.filter((d) => d.success);
}
