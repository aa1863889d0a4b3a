import type { CommandInterface } from '../../controllers/interfaces/interface.ts';
import type { RiskCritic } from '../../policies/policy.ts';
import type { RunConfig } from '../core/config-schema.ts';
import { SyntheticRobot } from './synthetic-robot.ts';

/** V8 compiles a function for speed after thousands of calls: the ticks until then are ten times slower than the rest. */
export const WARM_UP_TICKS = 5000;

export interface WarmUp {
  ticks: number;
  /** Of them in ACTIVE, where the whole tick is gone through. */
  active: number;
  ms: number;
}

/**
 * Runs the tick path of a throw-away gate (the same config, interface and critic as the real one) until it is compiled, and
 * spells each command as it would go out. Before there is a link and before anybody can arm.
 */
export function warmUp(config: RunConfig, iface: CommandInterface, critic: RiskCritic, ticks = WARM_UP_TICKS): WarmUp {
  const from = performance.now();
  const robot = new SyntheticRobot(config, iface, critic);
  let active = 0;
  for (let n = 0; n < ticks; n++) {
    if (robot.gate.mode === 'ACTIVE') active++;
    // A critic that sees a risk even here stops it: it is brought back once in a while, and the rest is warm as it is.
    else if (n % 500 === 0) robot.engage();
    const action = robot.step();
    if (action !== null) JSON.stringify(iface.codec.encode(action).message);
  }
  return { ticks, active, ms: performance.now() - from };
}
