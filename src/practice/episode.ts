import { createHash } from 'node:crypto';
import type { RunConfig } from '../core/config-schema.ts';
import type { Transition } from '../learning/environment.ts';
import { ACTED, type Episode } from './protocol.ts';

export interface Sizes {
  readonly observationSize: number;
  readonly actionSize: number;
}

/** What is wrong with an episode for a learner of these sizes; empty where nothing is. */
export function faultOf(e: Episode, { observationSize: o, actionSize: a }: Sizes): string {
  const n = e.reward.length;
  const wanted: [string, number, number][] = [
    ['observation', e.observation.length, (n + 1) * o],
    ['base', e.base.length, (n + 1) * a],
    ['proposed', e.proposed.length, n * a],
    ['executed', e.executed.length, n * a],
    ['cost', e.cost.length, n],
    ['intervened', e.intervened.length, n],
  ];
  if (n === 0) return 'no decision in it';
  for (const [name, has, want] of wanted)
    if (has !== want) return `${name} of ${has} numbers; allowed for ${n} decisions: ${want}`;
  if (e.terminated === e.truncated) return 'an episode ends either terminated or truncated';
  if (e.intervened.some((who) => who >= ACTED.length)) return `intervened: allowed are 0 to ${ACTED.length - 1}`;
  const beyond = [e.base, e.proposed, e.executed].some((v) => v.some((x) => Math.abs(x) > 1));
  return beyond ? 'an action beyond [-1, 1]' : '';
}

/** The transitions of an episode that has no fault, in order. Views of it: copied by whoever keeps them. */
export function* transitionsOf(e: Episode, { observationSize: o, actionSize: a }: Sizes): Generator<Transition> {
  const n = e.reward.length;
  for (let k = 0; k < n; k++) {
    const last = k === n - 1;
    yield {
      observation: e.observation.subarray(k * o, (k + 1) * o),
      base: e.base.subarray(k * a, (k + 1) * a),
      proposed: e.proposed.subarray(k * a, (k + 1) * a),
      executed: e.executed.subarray(k * a, (k + 1) * a),
      reward: e.reward[k]!,
      cost: e.cost[k]!,
      nextObservation: e.observation.subarray((k + 1) * o, (k + 2) * o),
      nextBase: e.base.subarray((k + 1) * a, (k + 2) * a),
      terminated: last && e.terminated,
      truncated: last && e.truncated,
      intervened: ACTED[e.intervened[k]!]!,
    };
  }
}

/**
 * What actor and learner must have in common for an episode of the one to be one of the other: robot, task, safety and the
 * frozen base with its residual's scale; not where they run.
 */
export function sharedConfig({ robot, task, safety, policies }: RunConfig): object {
  const { world: _, ...shared } = task;
  const { sha256, execute_steps } = policies.base;
  const { guard: __, ...limits } = safety;
  return {
    robot,
    task: shared,
    safety: limits,
    base: { sha256, execute_steps },
    scale: policies.residual.scale,
  };
}

/** Digest of `sharedConfig`. */
export function configDigest(config: RunConfig): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(sharedConfig(config))))
    .digest('hex');
}

/** Keys in one order, so that two spellings of a config have one digest. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, of]) => [key, sorted(of)]),
  );
}
