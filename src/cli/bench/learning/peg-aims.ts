import type { Evaluation } from '../../../learning/evaluate.ts';
import { wilson } from '../../../learning/judging/binomial.ts';
import type { EvaluationPoint } from '../../../learning/trainer.ts';
import type { Aim } from '../aims.ts';

/** Episodes of a policy in training's own environment, whatever it learned from. */
export type Judged = Omit<EvaluationPoint, 'steps'>;
/** What is compared of the gate with its answer to force, and without. */
export type Gated = Pick<Evaluation, 'success_rate' | 'violation_rate'>;

export interface PegOutcome {
  /** The frozen base alone, judged as each residual is. */
  base: Judged;
  /** A run for each training seed; none, where the recipe was not asked for. `steps`: the learner's decisions; `evaluated`: those of the evaluations by which `final` was selected. `last`: of its end. */
  residuals: readonly { steps: number; evaluated: number; wall_s: number; final: Judged; last: Judged | null }[];
  /** By policy; of each training seed, in the same order, where it has several. */
  gates: Record<string, { gate: readonly Gated[]; none: readonly Gated[] }>;
}

/** Of 1: what the base may succeed in, and a residual has to. */
const BASE = { atLeast: 0.5, atMost: 0.8 };
const SUCCESS = 0.95;
const SURELY = 0.9;
const STEPS = 60_000;
const MINUTES = 30;
/** With the gate, of the violations without it; and what it may cost of success. */
const VIOLATIONS = 0.1;
const COST = 0.02;

/** The aims of the peg task, each of its worst seed. */
export function pegAims({ base, residuals, gates }: PegOutcome): Aim[] {
  return [
    { what: 'peg, base alone, success', value: percent(base.success_rate), unit: '%', ...scaled(BASE) },
    ...(residuals.length === 0 ? [] : residualAims(base, residuals)),
    ...Object.entries(gates).flatMap(([name, pair]) => gateAims(name, pair)),
  ];
}

function residualAims(base: Judged, residuals: PegOutcome['residuals']): Aim[] {
  const of = (value: (run: PegOutcome['residuals'][number]) => number) => residuals.map(value);
  const low = ({ final }: PegOutcome['residuals'][number]) =>
    wilson(Math.round(final.success_rate * final.episodes), final.episodes)[0];
  const none = Number.NaN;
  return [
    {
      ...{ what: 'peg, residual, success of the worst seed', unit: '%', atLeast: percent(SUCCESS) },
      value: percent(Math.min(...of(({ final }) => final.success_rate))),
    },
    {
      ...{ what: 'peg, residual, lower end of its Wilson interval at 95 %', unit: '%', atLeast: percent(SURELY) },
      value: percent(Math.min(...of(low))),
    },
    {
      ...{ what: "peg, residual, steps to success of the slowest seed (aim: the base's)", unit: 'steps' },
      ...{
        value: Math.max(...of(({ final }) => final.steps_to_success ?? none)),
        atMost: base.steps_to_success ?? none,
      },
    },
    {
      ...{ what: 'peg, residual, success of the worst last policy, which no evaluation selected', unit: '%' },
      ...{ value: percent(Math.min(...of(({ last }) => last?.success_rate ?? none))), atLeast: percent(SUCCESS) },
    },
    {
      what: `peg, residual, training (with its evaluations, which select the policy, ${Math.max(...of((r) => r.steps + r.evaluated))})`,
      value: Math.max(...of((r) => r.steps)),
      unit: 'environment steps of the learner',
      atMost: STEPS,
    },
    {
      ...{ what: 'peg, residual, training', unit: 'minutes, one core', atMost: MINUTES },
      value: Math.max(...of((r) => r.wall_s / 60)),
    },
  ];
}

/** Of the worst seed, where there are several. */
function gateAims(name: string, { gate, none }: PegOutcome['gates'][string]): Aim[] {
  const worst = gate.length > 1 ? ' of the worst seed' : '';
  const most = (of: (gate: Gated, none: Gated) => number) => Math.max(...gate.map((one, i) => of(one, none[i]!)));
  return [
    {
      ...{ what: `peg, ${name}, violations${worst} with the gate's answer to force, of those without`, unit: '%' },
      value: percent(most((with_, without) => with_.violation_rate / without.violation_rate)),
      atMost: percent(VIOLATIONS),
    },
    {
      ...{ what: `peg, ${name}, success${worst} that the answer to force costs`, unit: 'points' },
      value: percent(most((with_, without) => without.success_rate - with_.success_rate)),
      atMost: percent(COST),
    },
  ];
}

/** To nine digits, so that the difference of two shares is not past its bound by how they are rounded. */
const percent = (share: number): number => Number((100 * share).toFixed(9));
const scaled = ({ atLeast, atMost }: typeof BASE) => ({ atLeast: percent(atLeast), atMost: percent(atMost) });
