import type { RunConfig } from '../../../core/config-schema.ts';
import { withoutForceRules } from '../../../learning/environments/peg.ts';
import { type Evaluation, summarise } from '../../../learning/evaluate.ts';
import { type LeftOut, playSideBySide } from '../../../learning/side-by-side.ts';
import type { Row } from '../rows.ts';
import { percent } from './peg-rows.ts';
import { type Keeping, kept, seedRow } from './runs.ts';

/** Policies in the gate, and who answers to force there: its own rules (with `safety.approach`), or not; a critic where it is not left out. */
export interface ForceAnswer {
  config: RunConfig;
  without: readonly LeftOut[];
  rules: boolean;
}

/** Episodes of it, as `eval` judges them; kept as `name`. */
export async function judgedWith(
  keeping: Keeping,
  name: string,
  { config, without, rules }: ForceAnswer,
  { episodes, seed }: { episodes: number; seed: number },
): Promise<Evaluation> {
  const own = structuredClone(config);
  if (!rules) withoutForceRules(own);
  const asked = { config: own, without, episodes, seed };
  const { result } = await kept(keeping, name, asked, async (_, { onProgress }) => {
    const onEpisode = (done: number) => onProgress({ phase: 'episodes', done, of: episodes, figures: {} });
    return summarise(await playSideBySide(own, { episodes, seed, without, onEpisode }));
  });
  return result;
}

/** A value a training seed, or one. */
export const answerRows = (name: string, judged: readonly Evaluation[]): Row[] => [
  row(name, 'success', judged, (e) => e.success_rate),
  row(name, 'violations', judged, (e) => e.violation_rate),
  row(name, 'steps to success', judged, (e) => e.steps_to_success ?? Number.NaN),
  row(name, 'interventions', judged, (e) => e.interventions),
];

const row = (name: string, unit: string, judged: readonly Evaluation[], of: (e: Evaluation) => number) =>
  seedRow(name, 'ours', unit, judged.map(of));

export function toldAnswer(name: string, judged: readonly Evaluation[]): string {
  const each = (of: (e: Evaluation) => string) => judged.map(of).join(', ');
  return `${name}: ${each((e) => percent(e.success_rate))} of ${judged[0]!.episodes}, violations ${each((e) => percent(e.violation_rate))}, interventions ${each((e) => `${e.interventions}`)}`;
}
