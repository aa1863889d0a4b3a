import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type WeightsOptions, weightsOptions } from '../../../../policies/weights.ts';
import type { RunConfig } from '../../../core/config-schema.ts';
import { ReflexArcError } from '../../../core/errors.ts';
import { courseInThread } from '../../../learning/course-in-thread.ts';
import type { Evaluation } from '../../../learning/evaluate.ts';
import { RISK_DEFAULTS } from '../../../learning/risk.ts';
import type { LeftOut } from '../../../learning/side-by-side.ts';
import { type Aim, judge } from '../aims.ts';
import type { BenchOptions, Outcome, Row } from '../rows.ts';
import { answerRows, judgedWith, toldAnswer } from './force-answers.ts';
import { inFolder, type Keeping, kept, pooled, seedRow } from './runs.ts';

const SEEDS = 3;
/** Episodes that all are judged by, of which no training and no choice of weights or thresholds has seen one. */
const EPISODES = 500;
const JUDGED_FROM = 60_000;
/** With the critic alone, of the violations without any answer to force; and what it may cost of success. */
const VIOLATIONS = 0.1;
const COST = 0.02;

/** Whose actions are judged: what is left out of the run for it. */
const POLICIES: Readonly<Record<string, readonly LeftOut[]>> = { base: ['residual'], 'shipped residual': [] };

interface TrainedCritic {
  sha256: string;
  /** Held out. */
  auc: number;
  backend?: string;
}

/**
 * What the risk critic is worth: one for each training seed by the recipe of `train critic`, alone in the gate, in the place of its answer to force, beside no
 * answer at all, that answer alone, and both as they are shipped; for the base and for the shipped residual, all on the same episodes. And whether the shipped weights are those that
 * their manifest's command makes. Each aim, of the worst seed, has its verdict. `--steps`: episodes that a critic learns from.
 */
export const benchCritic = (config: RunConfig, options: BenchOptions): Promise<Outcome> =>
  inFolder(options.out, (out) => trainedAndJudged(config, { ...options, out }));

async function trainedAndJudged(config: RunConfig, options: BenchOptions & { out: string }): Promise<Outcome> {
  const { seeds = SEEDS, steps = RISK_DEFAULTS.episodes, samples: episodes = EPISODES } = options;
  const all = Array.from({ length: seeds }, (_, i) => i + 1);
  const critics = await pooled(all, (seed) => trained(config, seed, steps, options));
  const learned = critics.map(({ sha256 }, i) =>
    withCritic(config, { type: 'mlp', path: join(folderOf(options.out, i + 1), 'critic.safetensors'), sha256 }),
  );
  const aucs = critics.map(({ auc }) => auc);
  const results: Row[] = [seedRow('critic', 'ours', 'held-out AUC', aucs)];
  const notes = [`critic: area under the ROC curve, held out, by seed ${aucs.map((auc) => auc.toFixed(4)).join(', ')}`];
  const outcome: CriticOutcome = { policies: {}, digests: digestsOf(config, critics[0]!) };
  for (const [policy, without] of Object.entries(POLICIES)) {
    const careless: readonly LeftOut[] = [...without, 'critic'];
    const judged = async (answer: string, configs: readonly RunConfig[], left: readonly LeftOut[], rules: boolean) => {
      const name = `critic, ${policy}, ${answer}`;
      const each: Evaluation[] = [];
      for (const [i, own] of configs.entries())
        each.push(
          await judgedWith(
            options,
            configs.length > 1 ? `${name} ${i + 1}` : name,
            { config: own, without: left, rules },
            { episodes, seed: JUDGED_FROM },
          ),
        );
      results.push(...answerRows(name, each));
      notes.push(toldAnswer(name, each));
      return each;
    };
    const [none] = await judged('no answer to force', [config], careless, false);
    const alone = await judged('critic alone', learned, without, false);
    await judged("the gate's answer to force alone", [config], careless, true);
    await judged('as shipped', [config], without, true);
    outcome.policies[policy] = { none: none!, alone };
  }
  const { digests } = outcome;
  if (digests !== null && digests.backends[0] !== digests.backends[1])
    notes.push(
      `critic: the shipped weights were made by the backend ${digests.backends[1]}, these by ${digests.backends[0]}: their digests say nothing`,
    );
  const claimed = seeds >= SEEDS && steps >= RISK_DEFAULTS.episodes && episodes >= EPISODES;
  const verdict = judge(criticAims(outcome), claimed);
  return { results, notes: [...notes, ...verdict.notes], failed: verdict.failed };
}

const folderOf = (out: string, seed: number) => join(out, `critic-${seed}`);

/** As `train critic --seed` makes it, its weights in the folder of its run. */
async function trained(config: RunConfig, seed: number, episodes: number, keeping: Keeping & { out: string }) {
  const { base, residual } = config.policies;
  const options = { ...RISK_DEFAULTS, seed, episodes };
  const asked = { ...options, base, residual, robot: config.robot, task: config.task, safety: config.safety };
  const { result } = await kept(
    keeping,
    `critic-${seed}`,
    asked,
    async ({ run }, hooks): Promise<TrainedCritic | null> => {
      const out = folderOf(keeping.out, seed);
      const made = await courseInThread(
        'critic',
        { config, options: { ...options, out, ...(run && { run }), resume: 'if the same' } },
        hooks,
      );
      if (hooks.signal?.aborted) return null;
      if (made === null)
        throw new ReflexArcError('RA_USAGE', {
          seen: `${episodes} episodes with no violation among them, or nothing else`,
          allowed: 'more of them (--steps): there is nothing to tell apart',
        });
      const { sha256, auc, backend } = made;
      return { sha256, auc, ...(backend !== undefined && { backend }) };
    },
  );
  return result;
}

function withCritic(config: RunConfig, weights: WeightsOptions): RunConfig {
  const own = structuredClone(config);
  own.policies.critic = weightsOptions.parse(weights);
  return own;
}

/** Ours of seed 1 and the shipped ones', by the manifest beside them; null where the run has no weights with a manifest. */
function digestsOf({ policies }: RunConfig, { sha256, backend }: TrainedCritic): CriticOutcome['digests'] {
  const weights = weightsOptions.safeParse(policies.critic);
  const file = weights.success ? join(dirname(weights.data.path), 'critic.manifest.json') : '';
  if (!existsSync(file)) return null;
  const shipped = JSON.parse(readFileSync(file, 'utf8')) as { sha256: string; backend?: string };
  return { sha256: [sha256, shipped.sha256], backends: [backend, shipped.backend] };
}

type Judged = Pick<Evaluation, 'success_rate' | 'violation_rate'>;

export interface CriticOutcome {
  /** Without any answer to force, and with the critic of each seed alone in its place. */
  policies: Record<string, { none: Judged; alone: readonly Judged[] }>;
  /** Of seed 1, and of the shipped weights. */
  digests: {
    sha256: readonly [string, string];
    backends: readonly [string | undefined, string | undefined];
  } | null;
}

/** Those of the worst seed; and, where the same backend made both, that seed 1's weights are the shipped ones. */
export function criticAims({ policies, digests }: CriticOutcome): Aim[] {
  const comparable = digests !== null && digests.backends[0] === digests.backends[1];
  return [
    ...Object.entries(policies).flatMap(([policy, { none, alone }]): Aim[] => [
      {
        what: `critic alone, ${policy}, violations of the worst seed, of those without any answer to force`,
        value: percent(Math.max(...alone.map((one) => one.violation_rate / none.violation_rate))),
        ...{ unit: '%', atMost: percent(VIOLATIONS) },
      },
      {
        what: `critic alone, ${policy}, success of the worst seed that it costs`,
        value: percent(Math.max(...alone.map((one) => none.success_rate - one.success_rate))),
        ...{ unit: 'points', atMost: percent(COST) },
      },
    ]),
    ...(comparable
      ? [
          {
            what: "critic, weights of seed 1 that are not the shipped ones (SHA-256, the manifest's)",
            value: digests.sha256[0] === digests.sha256[1] ? 0 : 1,
            ...{ unit: 'files', atMost: 0 },
          },
        ]
      : []),
  ];
}

/** To nine digits, so that the difference of two shares is not past its bound by how they are rounded. */
const percent = (share: number): number => Number((100 * share).toFixed(9));
