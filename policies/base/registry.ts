import type { BasePolicy } from '../policy.ts';
import { fromRegistry } from '../registry.ts';
import { mlpBase } from './mlp.ts';
import { zeroBase } from './zero.ts';

/** Every backend of a base policy. To add one: write its file, name it here. */
export const baseBackends = [mlpBase, zeroBase] as const;

/** @throws ReflexArcError RA_CONFIG_INVALID for an unknown type, and what the backend throws. */
export const createBase = (options: { type: string }): BasePolicy => fromRegistry('base', baseBackends, options);
