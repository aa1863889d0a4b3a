import { type Random, SeededRandom } from '../../core/random.ts';
import { Navigation } from './navigation.ts';

/** One step of data for a risk critic. */
export interface RiskTransition {
  readonly observation: Float64Array;
  readonly action: Float64Array;
  readonly cost: number;
  readonly nextObservation: Float64Array;
  readonly terminated: boolean;
}

type Draw = (random: Random) => number;

/** Rollouts of one kind: how many of the whole count, where they start, and the two numbers of their action. */
interface Kind {
  readonly share: number;
  readonly x: Draw;
  readonly y: Draw;
  readonly action: readonly [Draw, Draw];
}

const between =
  (lo: number, hi: number): Draw =>
  (random) =>
    random.range(lo, hi);
const normal: Draw = (random) => random.normal();
/** Decisions of a rollout that meets nothing. */
const LENGTH = 10;

/** As Recovery RL has them: from anywhere; in map 2 also from beside each face of the box, towards it. */
const KINDS: Readonly<Record<1 | 2, readonly Kind[]>> = {
  1: [
    {
      share: 1 / 10,
      x: between(-80, 50),
      y: (random) => (random.uniform() < 0.5 ? random.range(-5, -2) : random.range(2, 5)),
      action: [normal, normal],
    },
  ],
  2: [
    { share: 1 / 30, x: between(-40, 10), y: between(-25, 25), action: [normal, normal] },
    { share: 1 / 40, x: between(-35, -30), y: between(-12, 12), action: [between(0.5, 1), normal] },
    { share: 1 / 40, x: between(-20, -15), y: between(-12, 12), action: [between(-1, -0.5), normal] },
    { share: 1 / 40, x: between(-30, -20), y: between(10, 15), action: [normal, between(-1, -0.5)] },
    { share: 1 / 40, x: between(-30, -20), y: between(-15, -10), action: [normal, between(0.5, 1)] },
  ],
};

/**
 * Offline data of Recovery RL for a risk critic: short rollouts of random actions that end at a violation. `count` is what is asked for
 * (20 000 published); since rollouts end early, some less comes. With `controlSteps`, an action is kept for one decision and each part
 * of it is a transition.
 */
export function offlineNavigation(map: 1 | 2, count: number, seed: number, controlSteps = 1): RiskTransition[] {
  const random = new SeededRandom(seed).fork(`navigation-${map} offline`);
  const environment = new Navigation({ map, controlSteps });
  environment.begin(random);
  return KINDS[map].flatMap((kind) => {
    const rollouts = Math.floor(count * kind.share + 1e-9);
    return Array.from({ length: rollouts }, () => rollout(environment, kind, random, controlSteps)).flat();
  });
}

function rollout(environment: Navigation, kind: Kind, random: Random, controlSteps: number): RiskTransition[] {
  const { state } = environment;
  do {
    state[0] = kind.x(random);
    state[1] = kind.y(random);
  } while (environment.inObstacle());
  const transitions: RiskTransition[] = [];
  for (let decision = 0; decision < LENGTH; decision++) {
    const action = Float64Array.from(kind.action, (draw) => Math.max(-1, Math.min(1, draw(random))));
    for (let part = 0; part < controlSteps; part++) {
      const observation = state.slice();
      const nextObservation = new Float64Array(2);
      const { cost } = environment.step(action, nextObservation);
      transitions.push({ observation, action, cost, nextObservation, terminated: cost > 0 });
      if (cost > 0) return transitions;
    }
  }
  return transitions;
}
