import type { Agent, Environment, EpisodeResult, FrozenBase, Shield, SteppedEnvironment } from '../environment.ts';

/**
 * A task made of an environment that is stepped: with a frozen base below the agent and a safety layer around it, where
 * they are given. An episode ends when the environment says so, or at its horizon, which truncates it.
 */
export function episodeOf(
  environment: SteppedEnvironment,
  { base, shield }: { base?: FrozenBase; shield?: Shield } = {},
): Environment {
  const { name, observationSize, actionSize, horizon } = environment;
  const baseSize = base ? actionSize : 0;
  let [observation, next] = [new Float64Array(observationSize), new Float64Array(observationSize)];
  let [below, nextBelow] = [new Float64Array(baseSize), new Float64Array(baseSize)];
  const proposed = new Float64Array(actionSize);
  const executed = new Float64Array(actionSize);

  function episode(seed: number, agent: Agent): EpisodeResult {
    const sum = { steps: 0, return: 0, cost: 0, interventions: 0 };
    let success = false;
    let terminated = false;
    environment.reset(seed, observation);
    base?.(observation, below);
    while (!terminated && sum.steps < horizon) {
      const step = { observation, base: below };
      agent.act(step, proposed);
      for (let i = 0; i < actionSize; i++) proposed[i] = Math.max(-1, Math.min(1, proposed[i]!));
      executed.set(proposed);
      const shielded = shield?.judge(step, proposed, executed) ?? false;
      const { reward, cost, ...end } = environment.step(executed, next);
      base?.(next, nextBelow);
      terminated = end.terminated;
      success ||= end.success;
      sum.steps++;
      sum.return += reward;
      sum.cost += cost;
      if (shielded) sum.interventions++;
      agent.observe?.({
        ...{ observation, base: below, proposed, executed, reward, cost, nextObservation: next, nextBase: nextBelow },
        ...{ terminated, truncated: !terminated && sum.steps === horizon },
        intervened: shielded ? 'safety' : 'none',
      });
      [observation, next] = [next, observation];
      [below, nextBelow] = [nextBelow, below];
    }
    const violation = sum.cost > 0;
    const ended = success ? 'success' : violation ? 'violation' : terminated ? 'terminated' : 'timeout';
    return { seed, ...sum, success, violation, ended };
  }

  const dispose = environment.dispose?.bind(environment);
  return { name, observationSize, actionSize, baseSize, horizon, episode, ...(dispose && { dispose }) };
}
