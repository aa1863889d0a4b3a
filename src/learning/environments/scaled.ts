import type { SteppedEnvironment } from '../environment.ts';

/** The same environment with observations (o − mean) / scale, for a network that wants numbers about 1. */
export function scaled(environment: SteppedEnvironment, mean: Float64Array, scale: Float64Array): SteppedEnvironment {
  const apply = (observation: Float64Array) => {
    for (let i = 0; i < observation.length; i++) observation[i] = (observation[i]! - mean[i]!) / scale[i]!;
  };
  const { name, observationSize, actionSize, horizon } = environment;
  return {
    ...{ name, observationSize, actionSize, horizon },
    reset(seed, observation) {
      environment.reset(seed, observation);
      apply(observation);
    },
    step(action, observation) {
      const result = environment.step(action, observation);
      apply(observation);
      return result;
    },
    dispose: () => environment.dispose?.(),
  };
}
