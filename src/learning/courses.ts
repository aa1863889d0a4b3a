import { createBase } from '../../policies/base/registry.ts';
import { createResidual } from '../../policies/residual/registry.ts';
import type { RunConfig } from '../core/config-schema.ts';
import type { BcOptions } from './behaviour-cloning.ts';
import type { CourseHooks } from './course.ts';
import type { DelayedPipe } from './delayed-pipe.ts';
import type { RiskOptions } from './risk.ts';
import type { ShieldedNavigation } from './shielded-navigation.ts';

type Plain<T> = Omit<T, keyof CourseHooks>;

/**
 * The trainings that are courses, by name and plain data, so that a thread can be told of one. To add one: write its file, name it here.
 * Loaded when it is run.
 */
export const COURSES = {
  base: async ({ config, options }: { config: RunConfig; options: Plain<BcOptions> }, hooks: CourseHooks) =>
    (await import('./behaviour-cloning.ts')).trainBc(config, { ...options, ...hooks }),
  critic: async ({ config, options }: { config: RunConfig; options: Plain<RiskOptions> }, hooks: CourseHooks) => {
    const { base, residual } = config.policies;
    const { trainRisk } = await import('./risk.ts');
    return trainRisk(config, createBase(base), createResidual(residual), { ...options, ...hooks });
  },
  navigation: async (given: ShieldedNavigation, hooks: CourseHooks) =>
    (await import('./shielded-navigation.ts')).trainShieldedNavigation(given, hooks),
  delay: async (given: DelayedPipe, hooks: CourseHooks) =>
    (await import('./delayed-pipe.ts')).trainDelayedPipe(given, hooks),
} as const;

export type CourseName = keyof typeof COURSES;
export type CourseGiven<Name extends CourseName> = Parameters<(typeof COURSES)[Name]>[0];
export type CourseOutcome<Name extends CourseName> = Awaited<ReturnType<(typeof COURSES)[Name]>>;
