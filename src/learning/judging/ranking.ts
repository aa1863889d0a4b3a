import type { Random } from '../../core/random.ts';
import type { Agent, Environment, Step, Transition } from '../environment.ts';
import { spearman } from './rank-correlation.ts';

export interface RankingOptions {
  /** Episodes from which states are taken; seeds from `seed` on. */
  episodes: number;
  seed: number;
  statesPerEpisode: number;
  /** Candidates in each state, the policy's own action first. */
  actions: number;
  /** Of a candidate, around the policy's action; without it, candidates are uniform in [−1, 1]. */
  spread?: number;
  gamma: number;
  random: Random;
  onEpisode?(done: number): void;
}

export interface Ranking {
  /** States in which returns differed between the candidates: only these can be ranked. */
  states: number;
  /** States in which it did not matter what was done. */
  indifferent: number;
  /**
   * Mean of Spearman's correlation within a state, and its 95 % interval: normal, of a mean whose states come in clusters, for those of one
   * episode are alike (Liang and Zeger 1986; the variance by episodes/(episodes − 1)). All of [−1, 1] from a single episode.
   */
  correlation: number;
  ci95: [number, number];
  /** Mean rank of Q's first choice among the returns, 0 worst to 1 best; chance is 0.5. */
  choice: number;
}

/**
 * Does Q rank actions? In states of the policy's own episodes several actions are tried, each followed by the policy to the end of the episode, and
 * the discounted returns are ranked beside what Q says: a critic may be right about states and still know nothing of actions, and an
 * actor climbs only that.
 *
 * A state is reached by playing its episode again up to it: an episode is the same for the same seed and actions, chance included.
 */
export function rankActions(
  environment: Environment,
  policy: (step: Step, out: Float64Array) => void,
  q: (step: Step, action: Float64Array) => number,
  options: RankingOptions,
): Ranking {
  const { episodes, seed, statesPerEpisode, actions, spread, gamma, random, onEpisode } = options;
  const correlations: number[] = [];
  /** Of each correlation. */
  const episodeOf: number[] = [];
  const choices: number[] = [];
  let indifferent = 0;
  for (let e = 0; e < episodes; e++) {
    const played = record(environment, seed + e, policy);
    for (let k = 0; k < statesPerEpisode; k++) {
      const at = random.integer(played.length);
      const own = played[at]!.proposed;
      const candidates = Array.from({ length: actions }, (_, c) =>
        c === 0
          ? own.slice()
          : own.map((a) => (spread === undefined ? random.range(-1, 1) : bound(a + spread * random.normal()))),
      );
      const told = candidates.map((action) => q(played[at]!, action));
      const came = candidates.map((action) => {
        const proposals = played.slice(0, at).map((t) => t.proposed);
        return branch(environment, seed + e, [...proposals, action], policy, gamma);
      });
      const correlation = spearman(told, came);
      if (new Set(came).size === 1) {
        indifferent++;
        continue;
      }
      // A Q that says the same of all of them ranks nothing.
      correlations.push(Number.isNaN(correlation) ? 0 : correlation);
      episodeOf.push(e);
      choices.push(place(came, told.indexOf(Math.max(...told))));
    }
    onEpisode?.(e + 1);
  }
  return { states: correlations.length, indifferent, ...clustered(correlations, episodeOf), choice: mean(choices) };
}

/** The mean of values that come in clusters, and its interval at 95 % as `Ranking` says. */
export function clustered(
  values: readonly number[],
  clusterOf: readonly unknown[],
): Pick<Ranking, 'correlation' | 'ci95'> {
  const correlation = mean(values);
  const sums = new Map<unknown, number>();
  values.forEach((v, i) => {
    sums.set(clusterOf[i], (sums.get(clusterOf[i]) ?? 0) + v - correlation);
  });
  if (sums.size === 1) return { correlation, ci95: [-1, 1] };
  const squares = [...sums.values()].reduce((a, s) => a + s ** 2, 0);
  const half = (1.96 * Math.sqrt((squares * sums.size) / (sums.size - 1))) / values.length;
  return { correlation, ci95: [correlation - half, correlation + half] };
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

/** An episode of the policy, transition by transition. */
function record(environment: Environment, seed: number, policy: Agent['act']): Transition[] {
  const played: Transition[] = [];
  environment.episode(seed, { act: policy, observe: (t) => void played.push(structuredClone(t)) });
  return played;
}

/** Discounted return from the last of `proposals` on; after them the policy acts. */
function branch(
  environment: Environment,
  seed: number,
  proposals: readonly Float64Array[],
  policy: Agent['act'],
  gamma: number,
): number {
  let t = 0;
  let sum = 0;
  let discount = 1;
  environment.episode(seed, {
    act(step, out) {
      const given = proposals[t++];
      if (given === undefined) policy(step, out);
      else out.set(given);
    },
    observe({ reward }) {
      if (t < proposals.length) return;
      sum += discount * reward;
      discount *= gamma;
    },
  });
  return sum;
}

/** Share of the others that are below, ties a half. */
function place(values: readonly number[], of: number): number {
  const below = values.filter((v) => v < values[of]!).length;
  const same = values.filter((v) => v === values[of]!).length - 1;
  return (below + same / 2) / (values.length - 1);
}

const bound = (v: number) => Math.max(-1, Math.min(1, v));
