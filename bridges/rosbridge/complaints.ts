import type { Clock } from '../../src/core/clock.ts';
import { type ErrorCode, ReflexArcError } from '../../src/core/errors.ts';
import type { BridgeCounters, BridgeFault } from '../bridge.ts';

/** The same complaint about the same topic or address is made at most so often. */
const SAY_AGAIN_NS = 10e9;
const MAX_COMPLAINTS = 100;

interface What {
  seen: string;
  allowed: string;
}

export interface ComplaintsOptions {
  clock: Clock;
  counters: BridgeCounters;
  log(error: ReflexArcError): void;
  /** What was said to be wrong is well again. */
  cleared(fault: BridgeFault): void;
}

/**
 * Says what is wrong once, not at every message: a flood in must not become a flood in the log. What happens is said
 * (`say`); what is wrong from now on, stands (`raise`) until it is seen to be well again (`clear`).
 */
export class Complaints {
  readonly #options: ComplaintsOptions;
  readonly #saidNs = new Map<string, number>();
  readonly #standing = new Map<string, BridgeFault>();
  /** Of those that stand: said, and not only counted. */
  readonly #told = new Set<string>();

  constructor(options: ComplaintsOptions) {
    this.#options = options;
  }

  /** In the order in which they began. */
  get standing(): readonly BridgeFault[] {
    return [...this.#standing.values()];
  }

  get any(): boolean {
    return this.#standing.size > 0;
  }

  /** False when it was said only just now. */
  say(code: ErrorCode, key: string, what: What): boolean {
    const nowNs = this.#options.clock.nowNs();
    const saidNs = this.#saidNs.get(key);
    if (saidNs !== undefined && nowNs - saidNs < SAY_AGAIN_NS) return false;
    if (this.#saidNs.size >= MAX_COMPLAINTS) this.#saidNs.clear();
    this.#saidNs.set(key, nowNs);
    this.#options.log(new ReflexArcError(code, what));
    return true;
  }

  /** Counted and said when it begins; one that comes and goes is said at most every ten seconds. */
  raise(code: ErrorCode, about: string, what: What): void {
    if (this.#standing.has(about)) return;
    const { clock, counters } = this.#options;
    if (code === 'RA_TOPIC_SILENT') counters.silent++;
    else if (code !== 'RA_BRIDGE_LOST') counters.mismatched++;
    // A bound for what the names of a server could fill.
    if (this.#standing.size >= MAX_COMPLAINTS) return;
    this.#standing.set(about, { code, about, seen: what.seen, sinceNs: clock.nowNs() });
    if (this.say(code, `${code} ${about}`, what)) this.#told.add(about);
  }

  /** It is well. Does nothing where nothing was wrong. */
  clear(about: string): void {
    const fault = this.#standing.get(about);
    if (fault === undefined) return;
    this.#standing.delete(about);
    if (this.#told.delete(about)) this.#options.cleared(fault);
  }
}
