import type { BridgeCounters, BridgeFault } from '../../../bridges/bridge.ts';
import { BRIDGED, type Bridged, type BridgeReport } from '../bridge-report.ts';

const COUNTED = [
  ...(['lost', 'unreached', 'silent', 'mismatched', 'malformed', 'unexpected'] as const),
  ...(['callsFailed', 'commandsRefused'] as const),
] as const;
/** Of the bridges of all processes together, since the observer began; of the others, since they did if that was before. */
export type BridgeCounts = Pick<BridgeCounters, (typeof COUNTED)[number]>;

const WORDS: Readonly<Record<(typeof COUNTED)[number], string>> = {
  ...{ lost: 'lost', silent: 'silent', mismatched: 'mismatched', malformed: 'malformed', unexpected: 'unexpected' },
  ...{ unreached: 'not made', callsFailed: 'calls failed', commandsRefused: 'commands refused' },
};

const zero = (): BridgeCounts => Object.fromEntries(COUNTED.map((name) => [name, 0])) as unknown as BridgeCounts;

/**
 * The ways to the robot, as each process of ours finds its own. What several find is one fault, told as the first of
 * them has it; a connection that was lost is each one's own.
 */
export class Bridges {
  readonly #own: () => BridgeReport;
  readonly #told: Record<Exclude<Bridged, 'observer'>, BridgeReport | null> = {
    ...{ reflex: null, brain: null, sentinel: null },
  };
  /** Of processes that are gone: another one counts from 0. */
  readonly #past = zero();

  /** `own`: how the observer finds its own, now. */
  constructor(own: () => BridgeReport) {
    this.#own = own;
  }

  /** A process has told of its bridge, or is gone: null. */
  told(process: Exclude<Bridged, 'observer'>, report: BridgeReport | null): void {
    const before = this.#told[process];
    if (report === null && before !== null) for (const name of COUNTED) this.#past[name] += before.counters[name];
    this.#told[process] = report;
  }

  #of(process: Bridged): BridgeReport | null {
    return process === 'observer' ? this.#own() : this.#told[process];
  }

  get counts(): BridgeCounts {
    const counts = { ...this.#past };
    for (const process of BRIDGED) for (const name of COUNTED) counts[name] += this.#of(process)?.counters[name] ?? 0;
    return counts;
  }

  /** What stands against any of them. That there is no link at all, the reflex's status says. */
  get faults(): BridgeFault[] {
    const found = new Map<string, BridgeFault>();
    const linked = this.#told.reflex?.up === true;
    for (const process of BRIDGED) {
      const report = this.#of(process);
      if (report === null) continue;
      const by = process === 'observer' ? '' : `${process}: `;
      for (const { code, about, seen, sinceNs } of report.faults) {
        const key = code === 'RA_BRIDGE_LOST' ? `${by}${about}` : `${code} ${about}`;
        if (!found.has(key)) found.set(key, { code, about: `${by}${about}`, seen: `${by}${seen}`, sinceNs });
      }
      if (report.up || !linked) continue;
      const seen = `${process}: no link to the robot: ${report.reason}`;
      found.set(seen, { code: 'RA_BRIDGE_LOST', about: `link of the ${process}`, seen, sinceNs: report.atNs });
    }
    return [...found.values()];
  }

  /** Each process's own, in words. */
  get words(): Readonly<Record<Bridged, string>> {
    const words = BRIDGED.map((process) => {
      const report = this.#of(process);
      if (report === null) return [process, 'does not tell'];
      const { up, reason, counters } = report;
      const counted = COUNTED.filter((name) => counters[name] > 0).map((name) => `${counters[name]} ${WORDS[name]}`);
      return [process, [up ? 'up' : `down: ${reason}`, ...counted].join(', ')];
    });
    return Object.fromEntries(words) as Record<Bridged, string>;
  }
}
