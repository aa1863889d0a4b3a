import type { LadderTransition } from '../../src/core/signals.ts';
import type { Echo } from './echo.ts';
import type { Inputs } from './inputs.ts';
import { isEngaged } from './ladder.ts';
import type { Output } from './output.ts';
import type { RuleContext } from './rule.ts';
import type { Scales } from './scales.ts';
import type { Setpoints } from './setpoints.ts';
import type { Sources } from './sources.ts';

/** What of the gate's memory begins anew with a mode. */
export interface EntryParts {
  readonly inputs: Inputs;
  readonly setpoints: Setpoints;
  readonly output: Output;
  readonly echo: Echo;
  readonly sources: Sources;
  readonly context: RuleContext;
  readonly scales: Scales;
}

/** A mode was entered: what must not be left over from the one before (reset rule 5 of facts/safety.md). */
export function enterMode({ from, to }: LadderTransition, parts: EntryParts, nowNs: number): void {
  const { inputs, setpoints, output, echo, sources, context, scales } = parts;
  const { state } = inputs;
  // With its authority the policy's substitute goes too.
  if (!isEngaged(to)) inputs.takeover.drop(false);
  if (to === 'DISARMED') context.hasSent = false;
  else if (to === 'HOLD' && from === 'DISARMED') {
    setpoints.seed(state, nowNs);
    output.conflicts = 0;
    inputs.refusedSends = 0;
    inputs.fullSends = 0;
    inputs.askedMotion = 0;
    echo.restart();
    context.hasSent = true;
  } else if (to === 'HOLD' || to === 'STOPPED') setpoints.holdHere(state);
  else if (to === 'ESTOP') sources.allowOneStop();
  else if (to === 'ENGAGING' && from === 'HOLD') {
    context.criticInvalid = 0;
    scales.engaged();
  } else if (to === 'ENGAGING') {
    // Back from RECOVERY or from a person: what was decided meanwhile does not count, and the setpoint stays where it is.
    inputs.dropDecision(false);
    setpoints.stay();
    setpoints.takeoverAnchor.set(setpoints.last);
  }
}
