import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadRun } from '../core/config/load.ts';
import { shown } from '../core/config/source.ts';
import type { RunConfig } from '../core/config-schema.ts';
import { BC_DEFAULTS } from '../learning/behaviour-cloning.ts';
import { courseInThread } from '../learning/course-in-thread.ts';
import { ACTION_SIZE } from '../learning/demonstrations.ts';
import type { Evaluation } from '../learning/evaluate.ts';
import { makeResidual, RESIDUAL_DEMONSTRATIONS, RESIDUAL_STEPS } from '../learning/make-residual.ts';
import { demonstrationsOf } from '../learning/recorded.ts';
import type { ResidualOptions } from '../learning/residual.ts';
import { RISK_DEFAULTS, type RiskMethod } from '../learning/risk.ts';
import { CHECKPOINT } from '../learning/run-folder.ts';
import { readTrajectory } from '../logs/trajectories/formats.ts';
import { framesOf } from '../logs/trajectories/frames.ts';
import { Findings } from '../logs/trajectories/trajectory.ts';
import { compileObservation } from '../pipeline/observation/compile.ts';
import { type Recorded, type RecordedOptions, recordedTransitions } from './recorded-transitions.ts';
import { type SamplingOptions, samplingOf } from './sampling.ts';
import { train, weightRows } from './training.ts';

interface TrainOptions {
  out: string;
  episodes?: number;
  seed?: number;
  json?: boolean;
  set: string[];
}

interface ResidualTrainOptions extends TrainOptions, RecordedOptions, SamplingOptions {
  steps?: number;
  demonstrations?: number;
  resume?: boolean;
  policy?: ResidualOptions['policy'];
  progressive?: number;
}

interface BaseTrainOptions extends TrainOptions {
  resume?: boolean;
  epochs?: number;
  from?: string;
  observation: string;
  action: string;
}

/** The demonstrations of a log of `import` or of `run`, for the base policy of the run. */
async function recordedIn(source: string, config: RunConfig, { observation, action }: BaseTrainOptions) {
  const wanted = [observation, action].map((name) => ({ name, channels: [name] }));
  const findings = new Findings();
  const samples = readTrajectory(source, findings, { format: 'mcap' });
  const frames = await framesOf(samples, config.task.decision_hz, wanted, findings);
  if (frames.damage !== null) throw frames.damage;
  const observationSize = compileObservation(config.robot, config.task).baseSize;
  const sizes = { observationSize, actionSize: ACTION_SIZE };
  return { demonstrations: demonstrationsOf(frames, { observation, action }, sizes), source };
}

/** `reflexarc train bc`: demonstrations, behaviour cloning, weights and manifest in `options.out`. Returns the exit code. */
export async function trainBase(file: string, options: BaseTrainOptions): Promise<number> {
  const { config } = loadRun(file, options.set);
  const { episodes = BC_DEFAULTS.episodes, epochs = BC_DEFAULTS.epochs, seed = config.seed, resume = false } = options;
  const recorded = options.from === undefined ? null : await recordedIn(options.from, config, options);
  const out = resolve(options.out);
  const { epochs: passed } = await train<{ epochs: number }>(options, async ({ progress, signal }) => {
    const given = {
      ...{ ...BC_DEFAULTS, ...(recorded && { recorded }) },
      ...{ out, run: join(out, 'runs/base'), resume, episodes, epochs, seed },
    };
    const made = await courseInThread('base', { config, options: given }, { signal, onProgress: progress });
    if (made === null) return { rows: [['note', UNLEARNED]], made: { seed, epochs: 0, complete: false } };
    const loss = `${made.loss.toPrecision(4)}, held out ${made.validationLoss.toPrecision(4)}, after ${made.epochs} passes`;
    const rows: [string, string][] = [
      [
        'data',
        `${made.demonstrations} ${recorded === null ? 'successful' : 'recorded'} demonstrations, ${made.transitions} steps, seed ${seed}`,
      ],
      ['loss', loss],
      ['backend', made.backend],
      ['run', runsHint(out)],
      ...weightRows('base', made.file, made.sha256),
    ];
    if (made.epochs === 0) rows.push(['note', 'ended before the first pass over the data: these have learned nothing']);
    else if (made.epochs < epochs) rows.push(['note', EARLY]);
    return { rows, made: { ...made, seed } };
  });
  // Saved before the first pass over the data, the weights are those of a newborn.
  return passed === 0 ? 1 : 0;
}

const UNLEARNED = 'ended before there were data enough: nothing was learned, and nothing was written';
const EARLY = 'ended early; `--resume` goes on from here';
const runsHint = (out: string) => `${shown(out)}; \`reflexarc runs ${shown(out)}\` shows its curve`;

/**
 * `reflexarc train residual`: a correction of the run's frozen base by residual RL, from success alone; in a thread, in a run's folder.
 * Returns the exit code.
 */
export async function trainResidual(file: string, options: ResidualTrainOptions): Promise<number> {
  const { config } = loadRun(file, options.set);
  const { seed = config.seed, steps = RESIDUAL_STEPS, resume = false, policy = 'td3', progressive } = options;
  const sampling = samplingOf(options);
  const logged = options.from.length > 0;
  const { demonstrations = logged ? 0 : RESIDUAL_DEMONSTRATIONS } = options;
  const out = resolve(options.out);
  const goesOn = resume && existsSync(join(out, CHECKPOINT));
  const recorded = logged && !goesOn ? await recordedTransitions(config, options) : null;
  for (const line of recorded?.unused ?? []) process.stderr.write(`not used: ${line}\n`);
  const made = await train(options, async ({ progress, say, signal }) => {
    let noted = '';
    const made = await makeResidual(config, {
      ...{ out, seed, steps, resume, policy, demonstrations, signal, sampling, ...(recorded && { recorded }) },
      ...(progressive !== undefined && { progressive }),
      onState: ({ steps: done, figures, ...recent }, _wall, of) => {
        const { return: success, cost, note = '' } = recent;
        if (note !== noted) say(note);
        noted = note;
        progress({ phase: 'steps', done: Math.min(done, of), of, figures: { success, cost, ...figures } });
      },
      onEpisode: (done, of) => progress({ phase: 'evaluation', done, of }),
    });
    const { outcome, score } = made;
    const rows: [string, string][] = [
      [
        'data',
        `${outcome.state.steps} decisions in ${outcome.state.episodes} episodes, seed ${seed}, ${outcome.wall_s} s`,
      ],
      ...(recorded ? [['logs', said(recorded)] satisfies [string, string]] : []),
      ...(score ? [['score', scored(score)] satisfies [string, string]] : []),
      ['run', runsHint(out)],
      ...weightRows('residual', made.file, made.sha256),
    ];
    if (!outcome.complete) rows.push(['note', EARLY]);
    const { state, wall_s } = outcome;
    const of = recorded?.of ?? null;
    return { rows, made: { file: made.file, sha256: made.sha256, seed, ...state, wall_s, score, recorded: of } };
  });
  return made.score === null ? 1 : 0;
}

const said = ({ demonstrations, online, of }: Recorded) =>
  `${of.successes} episodes that succeeded, ${demonstrations.length} decisions: demonstrations\n` +
  `${of.failures} that did not, ${online.length} decisions: beside the learner's own`;

const scored = (s: Evaluation) =>
  `${percent(s.success_rate)} of ${s.episodes} episodes, 95 % interval ${s.success_ci95.map(percent).join(' to ')}; violations ${percent(s.violation_rate)}, ${s.mean_steps.toFixed(1)} steps`;

interface CriticTrainOptions extends TrainOptions {
  resume?: boolean;
  method?: RiskMethod;
  epochs?: number;
  updates?: number;
  pessimism?: number;
}

/** `reflexarc train critic`: the risk of the run's base and residual, from rough episodes. Returns the exit code. */
export async function trainCritic(file: string, options: CriticTrainOptions): Promise<number> {
  const { config } = loadRun(file, options.set);
  const { set: _, json: __, out: folder, seed = config.seed, resume = false, ...given } = options;
  const out = resolve(folder);
  const { complete } = await train(options, async ({ progress, signal }) => {
    const asked = { ...RISK_DEFAULTS, ...given, out, run: join(out, 'runs/critic'), resume, seed };
    const made = await courseInThread('critic', { config, options: asked }, { signal, onProgress: progress });
    if (made === null) {
      const why = signal.aborted
        ? UNLEARNED
        : 'no violation among the episodes, or nothing else: there is nothing to tell apart, and nothing was written';
      return { rows: [['note', why]], made: { seed, complete: false } };
    }
    const at = made.rates.map((r) => `${r.threshold}: ${percent(r.caught)} caught, ${percent(r.false_alarms)} false`);
    const rows: [string, string][] = [
      ['data', `${made.rows} ticks, ${made.violations} of ${made.episodes} episodes with a violation, seed ${seed}`],
      ['held out', `area under the ROC curve ${made.auc.toFixed(4)}\n${at.join('\n')}`],
      ['run', runsHint(out)],
      ...weightRows('critic', made.file, made.sha256),
    ];
    if (!made.complete) rows.push(['note', `after ${made.steps} updates ${EARLY}`]);
    return { rows, made: { ...made, seed } };
  });
  return complete ? 0 : 1;
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
