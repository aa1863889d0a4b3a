import type { SteppedEnvironment } from '../../../src/learning/environment.ts';

/** Mean return of so many episodes, from seed 0 on, under a policy of one number. */
export function meanReturn(
  environment: SteppedEnvironment,
  episodes: number,
  policy: (observation: Float64Array) => number,
): number {
  const observation = new Float64Array(environment.observationSize);
  let sum = 0;
  for (let seed = 0; seed < episodes; seed++) {
    environment.reset(seed, observation);
    for (let t = 0; t < environment.horizon; t++) {
      const action = new Float64Array(environment.actionSize).fill(policy(observation));
      const { reward, terminated } = environment.step(action, observation);
      sum += reward;
      if (terminated) break;
    }
  }
  return sum / episodes;
}
