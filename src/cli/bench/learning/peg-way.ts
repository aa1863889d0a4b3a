import type { EvaluationPoint } from '../../../learning/trainer.ts';

/** What an evaluation on the way has to succeed in, of 1. */
const GOOD = 0.9;

/** What a training came through, by the evaluations of its curve: a policy that is good in the end may have been dangerous before. */
export interface Way {
  /** The learner's decisions at its first evaluation with at least 90 % success; NaN without one. */
  goodAt: number;
  /** Of 1: the most that an evaluation had of episodes that broke a limit. */
  worstViolations: number;
  /** Decisions in evaluations: of no use to the learner, but the robot has to make them where the best policy is kept. */
  evaluated: number;
}

/** @throws RangeError without an evaluation */
export function wayOf(evaluations: readonly EvaluationPoint[]): Way {
  // A run that was judged again evaluates its last policy again.
  const once = [...new Map(evaluations.map((e) => [e.steps, e])).values()];
  if (once.length === 0) throw new RangeError('a way of no evaluations');
  return {
    goodAt: once.find((e) => e.success_rate >= GOOD)?.steps ?? Number.NaN,
    worstViolations: Math.max(...once.map((e) => e.violation_rate)),
    evaluated: Math.round(once.reduce((sum, e) => sum + e.episodes * e.steps_mean, 0)),
  };
}
