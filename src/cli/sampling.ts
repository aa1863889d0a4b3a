import type { Relabelling, Sampling } from '../learning/replay.ts';

export interface SamplingOptions {
  relabelling?: Relabelling;
  timeouts?: 'end' | 'bootstrap';
}

/** What `--relabelling` and `--timeouts` say of how a batch is made; what is not given stays as it is. */
export const samplingOf = ({ relabelling, timeouts }: SamplingOptions): Partial<Sampling> => ({
  ...(relabelling && { relabelling }),
  ...(timeouts && { bootstrapTimeouts: timeouts === 'bootstrap' }),
});
