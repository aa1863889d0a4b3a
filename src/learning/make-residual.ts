import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { weightsOptions } from '../../policies/weights.ts';
import type { RunConfig } from '../core/config-schema.ts';
import { BC_DEFAULTS } from './behaviour-cloning.ts';
import { type Evaluation, summarise } from './evaluate.ts';
import type { Sampling } from './replay.ts';
import { RESIDUAL_DEFAULTS, type ResidualOptions } from './residual.ts';
import { playSideBySide } from './side-by-side.ts';
import { trainInThread } from './train-in-thread.ts';
import type { TrainingState } from './trainer.ts';
import type { TrainingOutcome, TrainingSpec } from './training.ts';

export const RESIDUAL_STEPS = 40_000;
const FILE = 'residual.safetensors';
/** Demonstrations of the expert, from which half of each batch comes; their noise is that of the base's own. */
export const RESIDUAL_DEMONSTRATIONS = 150;
const NOISE = BC_DEFAULTS.noise;
/** Episodes that the finished weights are judged by, apart from those of training and of its evaluations. */
const JUDGED = { episodes: 200, seed: 40_000 };

export interface MakeOptions {
  /** Weights, manifest and the run's files go into this folder. */
  out: string;
  seed: number;
  steps: number;
  policy: ResidualOptions['policy'];
  /** Successful episodes of the scripted expert to begin with. */
  demonstrations: number;
  /** How batches are made, where it is not as RESIDUAL_DEFAULTS has it. */
  sampling?: Partial<Sampling>;
  /** Decisions over which the residual's bound grows to its whole, after the warm-up; none: at once. */
  progressive?: number;
  /** Steps of logs to begin with; none of a run that goes on, whose checkpoint has them. */
  recorded?: TrainingSpec['recorded'];
  resume: boolean;
  signal?: AbortSignal;
  onState?(state: TrainingState, wallS: number, of: number): void;
  onEpisode?(done: number, of: number): void;
}

/** The training of a residual on the config's frozen base: what `train residual` does, and each seed of its bench. */
export function residualSpec(
  config: RunConfig,
  {
    seed,
    steps,
    policy,
    demonstrations: episodes,
    sampling,
    progressive = RESIDUAL_DEFAULTS.progressive,
  }: Pick<MakeOptions, 'seed' | 'steps' | 'policy' | 'demonstrations' | 'sampling' | 'progressive'>,
): TrainingSpec {
  const { scale } = config.policies.residual;
  const options = { ...RESIDUAL_DEFAULTS, ...sampling, seed, policy, scale, progressive };
  return {
    ...{ name: 'residual', algorithm: { name: 'residual', options }, environment: { name: 'peg', config } },
    ...{ steps, seed, evaluateEvery: 5000, evaluationEpisodes: 100, evaluationSeed: 20_000 },
    keep: 'best',
    ...(episodes > 0 && { demonstrations: { episodes, seed, noise: NOISE } }),
  };
}

/**
 * Trains a residual and judges its weights as the daemon loads them. Score null: it was ended before anything was learned, or in the
 * middle of the judging.
 */
export async function makeResidual(
  config: RunConfig,
  { out, resume, signal, onState, onEpisode, recorded, ...what }: MakeOptions,
): Promise<{ outcome: TrainingOutcome; file: string; sha256: string; score: Evaluation | null }> {
  const { seed, steps, policy, demonstrations, sampling = {}, progressive } = what;
  const command = [
    `reflexarc train residual --seed ${seed} --steps ${steps} --demonstrations ${demonstrations}`,
    ...(policy === 'td3' ? [] : [`--policy ${policy}`]),
    ...(sampling.relabelling ? [`--relabelling ${sampling.relabelling}`] : []),
    ...(sampling.bootstrapTimeouts === undefined
      ? []
      : [`--timeouts ${sampling.bootstrapTimeouts ? 'bootstrap' : 'end'}`]),
    ...(progressive === undefined ? [] : [`--progressive ${progressive}`]),
    ...(recorded?.of.logs.map(({ file }) => `--from ${file}`) ?? []),
  ].join(' ');
  const spec = { ...residualSpec(config, what), out, resume, command, ...(recorded && { recorded }) };
  const outcome = await trainInThread(
    { ...spec, weights: { file: FILE, metadata: { kind: 'residual' } } },
    { onState: (state, wallS) => onState?.(state, wallS, steps), ...(signal && { signal }) },
  );
  const { sha256 } = outcome;
  const file = join(out, FILE);
  const learned = outcome.state.steps > RESIDUAL_DEFAULTS.learningStarts;
  const judged = structuredClone(config);
  Object.assign(judged.policies.residual, weightsOptions.parse({ type: 'mlp', path: file, sha256 }));
  const score =
    learned && signal?.aborted !== true
      ? summarise(
          await playSideBySide(judged, {
            ...JUDGED,
            without: ['critic'],
            onEpisode: (done) => onEpisode?.(done, JUDGED.episodes),
          }),
        )
      : null;
  const manifest = {
    kind: 'residual',
    made_by: command,
    method: 'residual RL on the frozen base from sparse success (src/learning/residual.ts)',
    data: `${outcome.state.steps} decisions in ${outcome.state.episodes} episodes of the in-process world, ${demonstrations} demonstrations of the scripted expert within the residual's bound${recorded ? `, ${recorded.demonstrations.length + recorded.online.length} decisions of logs` : ''}, base ${config.policies.base.sha256}`,
    ...{
      file: FILE,
      sha256,
      seed,
      steps: outcome.state.steps,
      kept_from: outcome.final?.steps ?? null,
      wall_s: outcome.wall_s,
    },
    settings: spec.algorithm.options,
    ...(recorded && { recorded: recorded.of }),
    ...(score && { score: { ...score, of: 'base and residual, without a critic', seeds_from: JUDGED.seed } }),
  };
  writeFileSync(join(out, 'residual.manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  return { outcome, file, sha256, score };
}
