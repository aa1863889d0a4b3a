import type { Environment, Transition } from './environment.ts';
import type { Learner } from './learner.ts';
import { ResidualLearner, type ResidualOptions } from './residual.ts';
import { Sac, type SacOptions } from './sac.ts';
import { Td3, type Td3Options } from './td3.ts';

type Take = (transition: Transition) => void;

/** An algorithm by name and plain data. To add one: write its file, name it here. */
export type AlgorithmSpec =
  | { name: 'td3'; options: Td3Options }
  | { name: 'sac' | 'rlpd' | 'fine-tuning'; options: SacOptions }
  | { name: 'residual'; options: ResidualOptions };

/** A learner, and where its demonstrations go, and what others did in its place; null where it takes none. */
export function makeLearner(
  { name, options }: AlgorithmSpec,
  environment: Pick<Environment, 'observationSize' | 'actionSize' | 'baseSize'>,
): { learner: Learner; demonstrate: Take | null; remember: Take | null } {
  switch (name) {
    case 'td3':
      return { learner: new Td3(environment, options), demonstrate: null, remember: null };
    case 'sac':
    case 'rlpd':
    case 'fine-tuning': {
      const learner = new Sac(environment, options);
      return { learner, demonstrate: (t) => learner.demonstrations.add(t), remember: null };
    }
    case 'residual': {
      const learner = new ResidualLearner(environment, options);
      const { demonstrations, online } = learner;
      return { learner, demonstrate: (t) => demonstrations.add(t), remember: (t) => online.add(t) };
    }
  }
}
