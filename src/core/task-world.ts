import type { TaskConfig } from './config-schema.ts';
import { ReflexArcError } from './errors.ts';

export type WorldConfig = NonNullable<TaskConfig['world']>;

/** The simulated world of this task. A task for a robot that is there has none. @throws ReflexArcError RA_CONFIG_INVALID */
export function worldOf(task: TaskConfig): WorldConfig {
  if (task.world === undefined)
    throw new ReflexArcError('RA_CONFIG_INVALID', {
      seen: `task.world: task ${task.name} has no simulated world`,
      allowed: 'a task with a `world` section',
      next: 'Take a run that has one (configs/runs/peg.yaml) for what needs a simulation.',
    });
  return task.world;
}
