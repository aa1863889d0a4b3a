import type { RunConfig } from '../../core/config-schema.ts';
import { carefree } from '../demonstrations.ts';
import type { Environment } from '../environment.ts';
import { InvertedPendulum } from './inverted-pendulum.ts';
import { MountainCar } from './mountain-car.ts';
import { Navigation } from './navigation.ts';
import { PegEnvironment } from './peg.ts';
import { Pendulum } from './pendulum.ts';
import { PipelineDelay } from './pipeline-delay.ts';
import { Reacher } from './reacher.ts';
import { episodeOf } from './stepped.ts';

/** An environment by name and plain data, so that a thread can be told of it. */
export type EnvironmentSpec =
  | { name: 'pendulum' | 'mountain-car' | 'inverted-pendulum' | 'reacher' }
  | { name: 'navigation'; map: 1 | 2 }
  | { name: 'pipeline-delay'; history: boolean }
  | PegSpec;

export interface PegSpec {
  name: 'peg';
  config: RunConfig;
  /** How far the agent may go from the base; `safety.residual_bound` without it. */
  authority?: number;
  /** The config's critic judges in the gate. Without, none does: a residual is learned before there is one. */
  critic?: boolean;
}

export async function makeEnvironment(spec: EnvironmentSpec): Promise<Environment> {
  switch (spec.name) {
    case 'pendulum':
      return episodeOf(new Pendulum());
    case 'mountain-car':
      return episodeOf(new MountainCar());
    case 'inverted-pendulum':
      return episodeOf(await InvertedPendulum.load());
    case 'reacher':
      return episodeOf(await Reacher.load());
    case 'navigation':
      return episodeOf(new Navigation({ map: spec.map }));
    case 'pipeline-delay':
      return episodeOf(new PipelineDelay({ history: spec.history }));
    case 'peg': {
      const { config, authority, critic = false } = spec;
      return PegEnvironment.load(config, {
        executed: 'admitted',
        ...(authority !== undefined && { authority }),
        ...(!critic && { critic: carefree }),
      });
    }
  }
}
