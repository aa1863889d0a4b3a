import { ReflexArcError } from '../../../src/core/errors.ts';
import type { Rule, RulePlugin, RuleSetup } from '../rule.ts';
import { acknowledgement } from './acknowledgement.ts';
import { backpressure } from './backpressure.ts';
import { clock } from './clock.ts';
import { commandEcho } from './command-echo.ts';
import { conflict } from './conflict.ts';
import { constantOutput } from './constant-output.ts';
import { criticHealth } from './critic-health.ts';
import { decisionAge } from './decision-age.ts';
import { drift } from './drift.ts';
import { effort } from './effort.ts';
import { finite } from './finite.ts';
import { following } from './following.ts';
import { forceLimit } from './force-limit.ts';
import { frozenSensor } from './frozen-sensor.ts';
import { implausibleStep } from './implausible-step.ts';
import { jointLimit } from './joint-limit.ts';
import { link } from './link.ts';
import { obstacles } from './obstacles.ts';
import { overrun } from './overrun.ts';
import { plausibleAction } from './plausible-action.ts';
import { risk } from './risk.ts';
import { secondCommander } from './second-commander.ts';
import { sending } from './sending.ts';
import { shape } from './shape.ts';
import { stampFrozen } from './stamp-frozen.ts';
import { stampOrder } from './stamp-order.ts';
import { stampSkew } from './stamp-skew.ts';
import { stateAge } from './state-age.ts';
import { takeoverAge } from './takeover-age.ts';
import { target } from './target.ts';
import { tracking } from './tracking.ts';
import { workspace } from './workspace.ts';

/** Every rule, on by default, in the order in which the first of equals names the cause. */
export const RULES: readonly RulePlugin[] = [
  finite,
  shape,
  clock,
  stampSkew,
  stampFrozen,
  stampOrder,
  implausibleStep,
  frozenSensor,
  overrun,
  link,
  secondCommander,
  commandEcho,
  acknowledgement,
  backpressure,
  stateAge,
  obstacles,
  forceLimit,
  effort,
  jointLimit,
  workspace,
  tracking,
  following,
  drift,
  sending,
  conflict,
  target,
  plausibleAction,
  decisionAge,
  constantOutput,
  criticHealth,
  risk,
  takeoverAge,
];

/**
 * Makes the rules that are not switched off by name in `safety.off`, with their options from `safety.rules`.
 * @throws ReflexArcError RA_CONFIG_INVALID for an unknown name or bad options
 */
export function makeRules(setup: RuleSetup, plugins: readonly RulePlugin[] = RULES): Rule[] {
  const names = plugins.map((p) => p.name);
  const given: Record<string, unknown> = setup.safety.rules ?? {};
  for (const name of [...setup.safety.off, ...Object.keys(given)]) {
    if (!names.includes(name))
      throw new ReflexArcError('RA_CONFIG_INVALID', { seen: `safety rule "${name}"`, allowed: names.join(', ') });
  }
  return plugins
    .filter((plugin) => !setup.safety.off.includes(plugin.name))
    .map((plugin) => {
      const parsed = plugin.options.safeParse(given[plugin.name] ?? {});
      if (!parsed.success) {
        const seen = parsed.error.issues.map((i) => `safety.rules.${[plugin.name, ...i.path].join('.')}: ${i.message}`);
        throw new ReflexArcError('RA_CONFIG_INVALID', { seen: seen.join('; '), allowed: plugin.summary });
      }
      return plugin.create(parsed.data, setup);
    });
}
