import type { ResidualPolicy } from '../policy.ts';
import { fromRegistry } from '../registry.ts';
import { mlpResidual } from './mlp.ts';
import { zeroResidual } from './zero.ts';

/** Every backend of a residual. To add one: write its file, name it here. */
export const residualBackends = [mlpResidual, zeroResidual] as const;

/** @throws ReflexArcError RA_CONFIG_INVALID for an unknown type, and what the backend throws. */
export const createResidual = (options: { type: string }): ResidualPolicy =>
  fromRegistry('residual', residualBackends, options);
