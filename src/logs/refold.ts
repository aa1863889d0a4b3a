import { commandInterface } from '../../controllers/interfaces/index.ts';
import { Gate } from '../../controllers/safety/gate.ts';
import type { Guard } from '../../controllers/safety/guard.ts';
import type { TickRecord } from '../../controllers/safety/record.ts';
import type { RiskCritic } from '../../policies/policy.ts';
import type { RunConfig } from '../core/config-schema.ts';
import type { LadderTransition, SafeAction } from '../core/signals.ts';
import { ENTRY, type TickWords, VERSION } from '../pipeline/journal/entry.ts';
import { type Entry, makeCall, readSent, readTickWords } from '../pipeline/journal/read.ts';

/**
 * A gate made anew from a config, on which the calls of a journal are made again. With the config of the log the records
 * are those of the log, bit for bit; with another one they say what that one would have done with the same inputs.
 *
 * What had a time of its own is not made again but taken from the journal: whether the critic was late, and what the
 * model-based guard said.
 */
export class Refold {
  /** Of the last tick; complete once its `sent` was taken, if there was one. Reused: copy what you keep. */
  readonly record: TickRecord;
  readonly transitions: LadderTransition[] = [];
  /** What took authority from the policy, as it began; a reader may take them away. */
  readonly interventions: { readonly cause: string; readonly by: 'gate' | 'person' }[] = [];
  readonly gate: Gate;
  /** What the last tick let out; reused by the next one. */
  action: SafeAction | null = null;
  #words: TickWords | null = null;

  constructor(config: RunConfig, critic: RiskCritic, epochBase: number) {
    const words = () => this.#words;
    this.gate = new Gate({
      safety: config.safety,
      robot: config.robot,
      interface: commandInterface(config.robot),
      critic: lateWhere(critic, () => words()?.criticLate === true),
      epochBase,
      onTransition: (t) => this.transitions.push(t),
      onIntervention: (cause, by) => this.interventions.push({ cause, by }),
      ...(config.safety.guard && { lookahead: remembered(words, config.safety.guard.budget_us ?? 0) }),
    });
    this.record = this.gate.record;
  }

  /** Makes one call again. True when it was a tick: `record` is that of it. */
  take(entry: Entry): boolean {
    if (entry.kind === ENTRY.tick) {
      this.#words = readTickWords(entry);
      this.action = this.gate.tick(entry.values[entry.at]!);
      return true;
    }
    if (entry.kind === ENTRY.sent) this.gate.sent(readSent(entry));
    else makeCall(this.gate, entry);
    return false;
  }
}

/** Epoch base of the gate that was born here; null for another entry. @throws RangeError for another layout than ours */
export function bornWith(entry: Entry): number | null {
  if (entry.kind !== ENTRY.birth) return null;
  const version = entry.values[entry.at]!;
  if (version !== VERSION) throw new RangeError(`a journal of version ${version}; this one reads ${VERSION}`);
  return entry.values[entry.at + 1]!;
}

const lateWhere = (critic: RiskCritic, isLate: () => boolean): RiskCritic => ({
  inputSize: critic.inputSize,
  sha256: critic.sha256,
  evaluate(inputs, count, risks) {
    critic.evaluate(inputs, count, risks);
    if (isLate()) risks.fill(Number.NaN);
  },
});

/** The guard's own words, and a clock that says what it took. */
function remembered(words: () => TickWords | null, budgetUs: number) {
  let asked = false;
  const guard: Guard = {
    check(_setpoint, _by, _budget, out) {
      asked = true;
      const said = words();
      out.what = said?.guardAsked ? said.guardWhat : 0;
      out.value = said?.guardValue ?? 0;
      out.limit = said?.guardLimit ?? 0;
    },
  };
  const nowNs = () => {
    const after = asked;
    asked = false;
    return after ? (words()?.guardNs ?? 0) : 0;
  };
  return { guard, clock: { nowNs }, budgetUs };
}
