import type { SeededRandom } from '../../core/random.ts';
import type { Numbers, Parts, Persistent } from '../checkpoint.ts';
import type { Adam } from './adam.ts';
import type { Ensemble } from './ensemble.ts';

/** Parts of a checkpoint: a network with its target and its optimiser. */
export function persistentNetwork(
  name: string,
  network: Ensemble,
  more: { target?: Ensemble; average?: Ensemble; adam: Adam },
): Parts {
  const { adam, target, average } = more;
  const arrays: Record<string, Float32Array> = {
    parameters: network.parameters,
    mean: adam.mean,
    square: adam.square,
    ...(target && { target: target.parameters }),
    ...(average && { average: average.parameters }),
  };
  return {
    [name]: {
      arrays,
      get numbers(): Numbers {
        return { steps: adam.steps };
      },
      set numbers(n) {
        adam.steps = n.steps as number;
      },
    },
  };
}

/** A stream of chance as a part of a checkpoint. */
export function persistentRandom(random: SeededRandom): Persistent {
  return {
    arrays: {},
    get numbers(): Numbers {
      return { state: random.state };
    },
    set numbers(n) {
      random.state = n.state as SeededRandom['state'];
    },
  };
}
