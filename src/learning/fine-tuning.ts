/**
 * A base made better in one piece, in place of a residual on it: RLPD whose new actor, which sees all that a residual does, first imitates the
 * base's actions (`imitation` updates) and is then free to go anywhere. The base's own network is not touched. What a residual is measured against: it has the base to fall back on
 * and a bound, this has neither.
 */
import { rlpdDefaults } from './rlpd.ts';
import type { SacOptions } from './sac.ts';

/** As RLPD's, but begun at the base, and with less of a will to wander from it: α begins at a tenth. */
export const fineTuningDefaults = (actionSize: number): SacOptions => ({
  ...rlpdDefaults(actionSize),
  ...{ learningStarts: 2000, imitation: 2000, temperature: 0.01 },
});
