import type { RunConfig } from '../../../core/config-schema.ts';
import { carefree } from '../../../learning/demonstrations.ts';
import type { Agent } from '../../../learning/environment.ts';
import { PegEnvironment, withoutForceRules } from '../../../learning/environments/peg.ts';
import { type Evaluation, summarise } from '../../../learning/evaluate.ts';
import { fineTuningDefaults } from '../../../learning/fine-tuning.ts';
import { RESIDUAL_DEMONSTRATIONS, RESIDUAL_STEPS, residualSpec } from '../../../learning/make-residual.ts';
import type { ResidualOptions } from '../../../learning/residual.ts';
import { rlpdDefaults } from '../../../learning/rlpd.ts';
import { type LeftOut, playSideBySide } from '../../../learning/side-by-side.ts';
import { summary } from '../../../learning/trainer.ts';
import type { TrainingSpec } from '../../../learning/training.ts';
import { judge } from '../aims.ts';
import type { BenchOptions, Outcome, Row } from '../rows.ts';
import { type Judged, type PegOutcome, pegAims } from './peg-aims.ts';
import { percent, rowsOf, told, toldWay, wayRows } from './peg-rows.ts';
import { wayOf } from './peg-way.ts';
import { kept, seedRow } from './runs.ts';
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

/**
 * The peg task: the residual on the frozen base by its recipe, the recipe without one of its parts, RLPD from scratch, which has the same
 * demonstrations and no base, and the same begun by imitating the base ("fine-tuning"); each in training seeds of its own, judged by the same 200 episodes, as is the base alone; with no critic in the gate, for a critic
 * is learned after the residual that it judges. Beside them base and shipped residual with the gate's answer to force, without it, and with the risk critic in its place. Each aim has
 * its verdict. Hours, if nobody asks for less.
 */
export async function benchPeg(config: RunConfig, options: BenchOptions): Promise<Outcome> {
  const { seeds = SEEDS, steps = STEPS } = options;
  const episodes = options.samples ?? EPISODES;
  const arms: Record<string, (seed: number) => TrainingSpec> = {
    residual: (seed) => residual(config, seed, steps, {}),
    ...Object.fromEntries(
      Object.entries(ABLATIONS).map(([name, without]) => [
        name,
        (seed: number) => residual(config, seed, steps, without),
      ]),
    ),
    'RLPD from scratch': (seed) => baseless(config, seed, steps, 'rlpd'),
    'fine-tuning the base': (seed) => baseless(config, seed, steps, 'fine-tuning'),
  };
  const specs = Object.entries(arms).flatMap(([arm, spec]) =>
    Array.from({ length: seeds }, (_, i) => ({
      ...spec(i + 1),
      ...{
        name: `peg ${arm}`,
        judged: { episodes, seed: JUDGED_FROM },
        evaluationEpisodes: Math.min(EVALUATED, episodes),
      },
    })),
  );
  const runs = await trainAll(specs, options);
  const of = (arm: string) => runs.filter((_, i) => specs[i]!.name === `peg ${arm}`);
  const asked = { config, episodes, from: JUDGED_FROM };
  const { result: base } = await kept(options, 'peg base', asked, () => alone(config, episodes));
  const results: Row[] = rowsOf('base', [base]);
  const notes: string[] = [told('base', [{ seed: 'none', final: base }])];
  const gates: Record<string, Evaluation> = {};
  for (const arm of Object.keys(arms)) {
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
  for (const { name, without, force } of GATES) {
    const settings = { ...asked, without, force };
    const { result } = await kept(options, `peg gate, ${name}`, settings, () =>
      gated(config, without, force, episodes),
    );
    gates[name] = result;
    results.push(
      seedRow(`peg, ${name}`, 'ours', 'success', [result.success_rate]),
      seedRow(`peg, ${name}`, 'ours', 'violations', [result.violation_rate]),
      seedRow(`peg, ${name}`, 'ours', 'steps to success', [result.steps_to_success ?? Number.NaN]),
      seedRow(`peg, ${name}`, 'ours', 'interventions', [result.interventions]),
    );
    notes.push(
      `peg, ${name}: ${percent(result.success_rate)} of ${result.episodes}, violations ${percent(result.violation_rate)}, ${result.interventions} interventions`,
    );
  }
  // The claim is about the whole recipe, at its full length and number of seeds.
  const claimed = steps >= STEPS && seeds >= SEEDS && episodes >= EPISODES;
  const pair = (policy: string) => ({ gate: gates[`${policy}, gate`]!, none: gates[`${policy}, no answer to force`]! });
  const outcome: PegOutcome = {
    base,
    residuals: of('residual').map(({ final, last, wall_s, evaluations }) => ({
      ...{ steps: final.steps, evaluated: wayOf(evaluations).evaluated, wall_s, final, last },
    })),
    gates: { base: pair('base'), 'shipped residual': pair('shipped residual') },
  };
  const verdict = judge(pegAims(outcome), claimed);
  return { results, notes: [...notes, ...verdict.notes], failed: verdict.failed };
}

/** Episodes of the base, in the environment in which residuals are judged, so that steps are counted the same. */
async function alone(config: RunConfig, episodes: number): Promise<Judged> {
  const environment = await PegEnvironment.load(config, { critic: carefree });
  const agent: Agent = { act: ({ base }, out) => out.set(base) };
  const results = Array.from({ length: episodes }, (_, i) => environment.episode(JUDGED_FROM + i, agent));
  environment.dispose();
  return summary(results);
}

/** Whose force is answered to by the gate, and whose is not; and what the risk critic then does in its place, which is reported and has no aim. */
const GATES: readonly { name: string; without: LeftOut[]; force: boolean }[] = [
  { name: 'base, gate', without: ['residual', 'critic'], force: true },
  { name: 'base, no answer to force', without: ['residual', 'critic'], force: false },
  { name: 'base, critic alone', without: ['residual'], force: false },
  { name: 'shipped residual, gate', without: ['critic'], force: true },
  { name: 'shipped residual, no answer to force', without: ['critic'], force: false },
  { name: 'shipped residual, critic alone', without: [], force: false },
];

/** As the shipped weights were made: the horizon is an end, as ResFiT has it. A smoke of a few steps is shown less. */
const recipe = (config: RunConfig, seed: number, steps: number): TrainingSpec =>
  residualSpec(config, {
    ...{ seed, steps, policy: 'td3', sampling: { bootstrapTimeouts: false } },
    demonstrations: Math.min(RESIDUAL_DEMONSTRATIONS, Math.ceil(steps / 100)),
  });

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

async function gated(
  config: RunConfig,
  without: readonly LeftOut[],
  force: boolean,
  episodes: number,
): Promise<Evaluation> {
  const own = structuredClone(config);
  if (!force) withoutForceRules(own);
  return summarise(await playSideBySide(own, { episodes, seed: JUDGED_FROM, without }));
}
