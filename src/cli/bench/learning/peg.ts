import { weightsOptions } from '../../../../policies/weights.ts';
import type { RunConfig } from '../../../core/config-schema.ts';
import { ReflexArcError } from '../../../core/errors.ts';
import { carefree } from '../../../learning/demonstrations.ts';
import type { Agent } from '../../../learning/environment.ts';
import { PegEnvironment } from '../../../learning/environments/peg.ts';
import type { Evaluation } from '../../../learning/evaluate.ts';
import { fineTuningDefaults } from '../../../learning/fine-tuning.ts';
import { RESIDUAL_DEMONSTRATIONS, RESIDUAL_STEPS, residualSpec } from '../../../learning/make-residual.ts';
import type { ResidualOptions } from '../../../learning/residual.ts';
import { rlpdDefaults } from '../../../learning/rlpd.ts';
import type { LeftOut } from '../../../learning/side-by-side.ts';
import { summary } from '../../../learning/trainer.ts';
import type { TrainingSpec } from '../../../learning/training.ts';
import { judge } from '../aims.ts';
import type { BenchOptions, Outcome, Row } from '../rows.ts';
import { answerRows, judgedWith, toldAnswer } from './force-answers.ts';
import { type Judged, type PegOutcome, pegAims } from './peg-aims.ts';
import { rowsOf, told, toldWay, wayRows } from './peg-rows.ts';
import { wayOf } from './peg-way.ts';
import { inFolder, kept } from './runs.ts';
import { trainAll } from './train.ts';

const STEPS = RESIDUAL_STEPS;
const SEEDS = 3;
const EPISODES = 200;
/** In each evaluation of a training, by which its best policy is kept. */
const EVALUATED = 100;
/** Episodes that all are judged by, apart from those of training. */
const JUDGED_FROM = 40_000;
/** `[dx dy dz stiffness]` */
const ACTIONS = 4;
/** From −1 to 1: an agent with so much authority needs no base. */
const ALL = 2;

/** What the residual's recipe is worth, part by part. */
const ABLATIONS: Record<string, Partial<ResidualOptions>> = {
  'no LayerNorm': { layerNorm: false, actorLayerNorm: false },
  'n = 1': { nStep: 1 },
  'no demonstrations in the batch': { demonstrationShare: 0 },
  'no bound': { scale: ALL },
};
/** What is trained, in the order in which it is told. */
const ARMS: readonly string[] = ['residual', ...Object.keys(ABLATIONS), 'RLPD from scratch', 'fine-tuning the base'];

/**
 * The peg task: the residual on the frozen base by its recipe, the recipe without one of its parts, RLPD from scratch, which has the same
 * demonstrations and no base, and the same begun by imitating the base ("fine-tuning"); each in training seeds of its own, judged by the same 200 episodes, as is the base alone; with no critic in the gate, for a critic
 * is learned after the residual that it judges (`--case critic`). Beside them the base, the residual of each seed and the shipped one with the gate's answer to force and without it. Each aim has
 * its verdict. Hours, if nobody asks for less.
 */
export async function benchPeg(config: RunConfig, options: BenchOptions): Promise<Outcome> {
  const wanted = options.arm ?? ARMS;
  const unknown = wanted.find((arm) => !ARMS.includes(arm));
  if (unknown !== undefined)
    throw new ReflexArcError('RA_USAGE', { seen: `--arm ${unknown}`, allowed: ARMS.join(', ') });
  // The weights of each seed are judged in the gate, so there is always a folder for them.
  return inFolder(options.out, (out) =>
    trainedAndJudged(
      config,
      { ...options, out },
      ARMS.filter((arm) => wanted.includes(arm)),
    ),
  );
}

async function trainedAndJudged(
  config: RunConfig,
  options: BenchOptions & { out: string },
  arms: readonly string[],
): Promise<Outcome> {
  const { seeds = SEEDS, steps = STEPS } = options;
  const episodes = options.samples ?? EPISODES;
  const specs = arms.flatMap((arm) =>
    Array.from({ length: seeds }, (_, i) => ({
      ...specOf(arm, config, i + 1, steps),
      ...{
        name: `peg ${arm}`,
        judged: { episodes, seed: JUDGED_FROM },
        evaluationEpisodes: Math.min(EVALUATED, episodes),
        weights: { file: 'policy.safetensors', metadata: { kind: arm } },
      },
    })),
  );
  const runs = await trainAll(specs, options);
  const of = (arm: string) => runs.filter((_, i) => specs[i]!.name === `peg ${arm}`);
  const asked = { config, episodes, from: JUDGED_FROM };
  const { result: base } = await kept(options, 'peg base', asked, () => alone(config, episodes));
  const results: Row[] = rowsOf('base', [base]);
  const notes: string[] = [told('base', [{ seed: 'none', final: base }])];
  for (const arm of arms) {
    const learned = of(arm);
    results.push(
      ...rowsOf(
        arm,
        learned.map((r) => r.final),
      ),
      ...wayRows(arm, learned),
    );
    notes.push(told(arm, learned), toldWay(arm, learned));
  }
  const gates: PegOutcome['gates'] = {};
  const without: readonly LeftOut[] = ['critic'];
  const policies: [string, { config: RunConfig; without: readonly LeftOut[] }[]][] = [
    ['base', [{ config, without: ['residual', 'critic'] }]],
    ['shipped residual', [{ config, without }]],
    ['residual', of('residual').map(({ weights }) => ({ config: withResidual(config, weights!), without }))],
  ];
  for (const [policy, each] of policies.filter(([, each]) => each.length > 0)) {
    const judged = async (answer: string, rules: boolean) => {
      const all: Evaluation[] = [];
      for (const [i, one] of each.entries()) {
        const name = `peg gate, ${policy}${each.length > 1 ? ` ${i + 1}` : ''}, ${answer}`;
        all.push(await judgedWith(options, name, { ...one, rules }, { episodes, seed: JUDGED_FROM }));
      }
      results.push(...answerRows(`peg, ${policy}, ${answer}`, all));
      notes.push(toldAnswer(`peg, ${policy}, ${answer}`, all));
      return all;
    };
    gates[policy] = { gate: await judged('gate', true), none: await judged('no answer to force', false) };
  }
  // The claim is about the whole recipe, at its full length and number of seeds.
  const claimed = steps >= STEPS && seeds >= SEEDS && episodes >= EPISODES;
  const outcome: PegOutcome = {
    base,
    residuals: of('residual').map(({ final, last, wall_s, evaluations }) => ({
      ...{ steps: final.steps, evaluated: wayOf(evaluations).evaluated, wall_s, final, last },
    })),
    gates,
  };
  const verdict = judge(pegAims(outcome), claimed);
  return { results, notes: [...notes, ...verdict.notes], failed: verdict.failed };
}

function withResidual(config: RunConfig, weights: { path: string; sha256: string }): RunConfig {
  const own = structuredClone(config);
  Object.assign(own.policies.residual, weightsOptions.parse({ type: 'mlp', ...weights }));
  return own;
}

/** Episodes of the base, in the environment in which residuals are judged, so that steps are counted the same. */
async function alone(config: RunConfig, episodes: number): Promise<Judged> {
  const environment = await PegEnvironment.load(config, { critic: carefree });
  const agent: Agent = { act: ({ base }, out) => out.set(base) };
  const results = Array.from({ length: episodes }, (_, i) => environment.episode(JUDGED_FROM + i, agent));
  environment.dispose();
  return summary(results);
}

/** As the shipped weights were made: the horizon is an end, as ResFiT has it. A smoke of a few steps is shown less. */
const recipe = (config: RunConfig, seed: number, steps: number): TrainingSpec =>
  residualSpec(config, {
    ...{ seed, steps, policy: 'td3', sampling: { bootstrapTimeouts: false } },
    demonstrations: Math.min(RESIDUAL_DEMONSTRATIONS, Math.ceil(steps / 100)),
  });

function specOf(arm: string, config: RunConfig, seed: number, steps: number): TrainingSpec {
  if (arm === 'RLPD from scratch') return baseless(config, seed, steps, 'rlpd');
  if (arm === 'fine-tuning the base') return baseless(config, seed, steps, 'fine-tuning');
  return residual(config, seed, steps, ABLATIONS[arm] ?? {});
}

function residual(config: RunConfig, seed: number, steps: number, without: Partial<ResidualOptions>): TrainingSpec {
  const spec = recipe(config, seed, steps);
  const options = { ...(spec.algorithm.options as ResidualOptions), ...without };
  return {
    ...spec,
    algorithm: { name: 'residual', options },
    environment: { name: 'peg', config, ...(without.scale !== undefined && { authority: without.scale }) },
  };
}

/** Agents without a base under them, with the residual's horizon and its idea of an end, since the reward is as sparse. */
function baseless(config: RunConfig, seed: number, steps: number, name: 'rlpd' | 'fine-tuning'): TrainingSpec {
  const spec = recipe(config, seed, steps);
  const { nStep, gamma, bootstrapTimeouts } = spec.algorithm.options as ResidualOptions;
  const defaults = name === 'rlpd' ? rlpdDefaults(ACTIONS) : fineTuningDefaults(ACTIONS);
  return {
    ...spec,
    algorithm: { name, options: { ...defaults, seed, nStep, gamma, bootstrapTimeouts } },
    environment: { name: 'peg', config, authority: ALL },
  };
}
