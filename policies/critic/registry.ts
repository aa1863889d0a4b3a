import type { RiskCritic } from '../policy.ts';
import { fromRegistry } from '../registry.ts';
import { mlpCritic } from './mlp.ts';
import { zeroCritic } from './zero.ts';

/** Every backend of a risk critic. To add one: write its file, name it here. */
export const criticBackends = [mlpCritic, zeroCritic] as const;

/** @throws ReflexArcError RA_CONFIG_INVALID for an unknown type, and what the backend throws. */
export const createCritic = (options: { type: string }): RiskCritic => fromRegistry('critic', criticBackends, options);
