import { copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { digestOfWeights } from '../../../policies/weights.ts';
import type { RunConfig } from '../../core/config-schema.ts';
import { PractisedResidual } from '../../daemon/practised-residual.ts';
import { withoutForceRules } from '../../learning/environments/peg.ts';
import { type EpisodeScore, playEpisodes } from '../../learning/evaluate.ts';
import { playSideBySide, policiesOf } from '../../learning/side-by-side.ts';
import type { Exploration } from '../../practice/protocol.ts';

/** Episodes that practice is flown again in, apart from those that residuals are judged by. */
const FLOWN_FROM = 30_000;

/** The run with nothing that answers to force: neither the gate's rules nor, left out by who plays it, the critic. */
function unanswered(run: RunConfig): RunConfig {
  const own = structuredClone(run);
  withoutForceRules(own);
  return own;
}

/** As `eval` judges the run, with no answer to force. */
export const judgedUnanswered = (run: RunConfig, episodes: { episodes: number; seed: number }) =>
  playSideBySide(unanswered(run), { ...episodes, without: ['critic'] });

/** The versions of a residual that were in use, beyond the twenty that the actor keeps. */
export class Versions {
  readonly #from: string;
  readonly #folder: string;

  constructor(practice: string, folder: string) {
    this.#from = join(practice, 'actor/weights');
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  /** Copies those that are new. To be called more often than there are twenty of them. */
  keep(): void {
    if (!existsSync(this.#from)) return;
    for (const name of readdirSync(this.#from))
      if (name.endsWith('.safetensors') && !existsSync(join(this.#folder, name)))
        copyFileSync(join(this.#from, name), join(this.#folder, name));
  }

  /** Empty for version 0, which has none; null for one that is not here. */
  of(version: number): { path: string; sha256: string } | null {
    if (version === 0) return { path: '', sha256: '' };
    const name = readdirSync(this.#folder).find((file) => Number.parseInt(file, 10) === version);
    return name === undefined
      ? null
      : { path: join(this.#folder, name), sha256: digestOfWeights(join(this.#folder, name)) };
  }
}

/**
 * Practice again in process, with no answer to force: an episode for each of its own, with the version and the noise that that was flown with.
 * Those whose version is not here are left out.
 */
export function flownUnanswered(
  run: RunConfig,
  told: readonly { version: number; exploration: Exploration }[],
  versions: Versions,
): Promise<EpisodeScore[]> {
  const flown = told.flatMap(({ version, exploration }, episode) => {
    const weights = versions.of(version);
    return weights === null ? [] : [{ ...weights, version, exploration, episode }];
  });
  const { scale } = run.policies.residual;
  const policies = policiesOf(run, ['critic']);
  const residual = new PractisedResidual(policies.residual, scale, run.seed);
  const prepare = (at: number) => {
    const why = at < flown.length ? residual.prepare(flown[at]!) : '';
    if (why !== '') throw new Error(why);
  };
  prepare(0);
  return playEpisodes(
    unanswered(run),
    { ...policies, residual },
    { episodes: flown.length, seed: FLOWN_FROM, onEpisode: prepare },
  );
}
