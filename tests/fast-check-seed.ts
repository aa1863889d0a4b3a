import fc from 'fast-check';

/**
 * FC_SEED makes every property draw the same cases each time: CI judges the change, not the day's luck. Without it, as by
 * hand, each run draws new ones; a counterexample prints its seed.
 */
const seed = process.env.FC_SEED;
if (seed !== undefined) fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(seed) });
