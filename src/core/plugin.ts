import type { z } from 'zod';
import { ReflexArcError } from './errors.ts';

/**
 * A plug-in is a description: a name, what it is for, the zod schema of its options, and a factory. Shared code never
 * asks for its type (house rule: one file each to add a bridge, a policy backend, a safety rule).
 */
export interface Plugin<Kind extends string, Options, Context, Made> {
  readonly kind: Kind;
  readonly name: string;
  readonly summary: string;
  readonly options: z.ZodType<Options>;
  create(options: Options, context: Context): Made;
}

type Description<Options, Context, Made> = Omit<Plugin<string, Options, Context, Made>, 'kind'>;

/** Describes a world: see `bridges/bridge.ts` for the contract of what it makes. */
export const defineBridge = <O, C, M>(d: Description<O, C, M>): Plugin<'bridge', O, C, M> => ({ kind: 'bridge', ...d });

/** Describes a policy backend: see `policies/policy.ts`. */
export const definePolicy = <O, C, M>(d: Description<O, C, M>): Plugin<'policy', O, C, M> => ({ kind: 'policy', ...d });

/** Describes a safety rule: see `controllers/safety/rule.ts`. */
export const defineRule = <O, C, M>(d: Description<O, C, M>): Plugin<'rule', O, C, M> => ({ kind: 'rule', ...d });

/**
 * The description that a config names by `type`.
 *
 * @param key where the config names it, e.g. `bridge.type`
 * @throws ReflexArcError RA_CONFIG_INVALID for a name that nobody has
 */
export function named<P extends { readonly name: string }>(key: string, plugins: readonly P[], type: string): P {
  const found = plugins.find((p) => p.name === type);
  if (found !== undefined) return found;
  const allowed = plugins.map((p) => p.name).join(', ');
  throw new ReflexArcError('RA_CONFIG_INVALID', { seen: `${key} = ${type}`, allowed });
}
