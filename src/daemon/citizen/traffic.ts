import type { BridgeFault } from '../../../bridges/bridge.ts';
import type { FoxgloveCounters } from '../../../bridges/foxglove/options.ts';
import type { RosServerCounters } from '../../../bridges/rosserver/server.ts';
import type { Bridged } from '../bridge-report.ts';
import type { BridgeCounts, Bridges } from './bridges.ts';
import { Recent } from './recent.ts';

/** What of the traffic between us and others was lost or refused, as counts since the observer began. */
export interface Traffic {
  /** Messages of ours that did not reach who was to have them: clients of our ROS server, viewers, and the robot's graph. */
  readonly droppedByServer: number;
  readonly droppedByView: number;
  readonly droppedByGraph: number;
  /**
   * Operations of clients and viewers that our servers refused, clients that they turned away, and handlers of ours that
   * threw or messages that could not be written.
   */
  readonly refused: number;
  /** Of those refused, how many of each kind; kinds of which there are any. */
  readonly refusedBy: Readonly<Record<string, number>>;
  readonly turnedAway: number;
  readonly failed: number;
  /** Of the bridges to the robot that our processes have. */
  readonly bridge: BridgeCounts;
  /** What stands against them now. */
  readonly faults: readonly BridgeFault[];
  /** How each process finds its own, in words. */
  readonly bridges: Readonly<Record<Bridged, string>>;
}

type Counted = 'dropped' | 'refused' | 'turned away' | 'failed' | 'malformed' | 'unexpected';

/** Which of the counts have grown within the last seconds. */
export type Growing = ReadonlySet<Counted>;

export const droppedOf = (t: Traffic): number => t.droppedByServer + t.droppedByView + t.droppedByGraph;

/** Follows the counts, so that what grows can be told from what once grew. */
export class TrafficWatch {
  readonly #recent: Readonly<Record<Counted, Recent>>;

  constructor(withinNs: number) {
    const recent = () => new Recent(withinNs);
    this.#recent = {
      ...{ dropped: recent(), refused: recent(), 'turned away': recent() },
      ...{ failed: recent(), malformed: recent(), unexpected: recent() },
    };
  }

  growing(t: Traffic, nowNs: number): Growing {
    const counts: Record<Counted, number> = {
      ...{ dropped: droppedOf(t), refused: t.refused, 'turned away': t.turnedAway, failed: t.failed },
      ...{ malformed: t.bridge.malformed, unexpected: t.bridge.unexpected },
    };
    const names = Object.keys(counts) as Counted[];
    return new Set(names.filter((name) => this.#recent[name].grew(counts[name], nowNs)));
  }
}

interface Serving<Counters> {
  readonly counters: Counters;
  /** Of clients that have left and of those that are there. */
  readonly dropped: number;
}

/** The traffic of an observer, now. `view`: null where there is none. */
export function trafficOf(
  server: Serving<RosServerCounters>,
  view: Serving<FoxgloveCounters> | null,
  bridges: Pick<Bridges, 'counts' | 'faults' | 'words'>,
  graph: { readonly dropped?: number } | undefined,
): Traffic {
  const both = [server.counters, ...(view === null ? [] : [view.counters])];
  const sum = (name: 'malformed' | 'turnedAway' | 'failed') => both.reduce((n, counters) => n + counters[name], 0);
  const refusedBy: Record<string, number> = {};
  for (const { refused } of both)
    for (const [kind, times] of Object.entries(refused))
      if (times > 0) refusedBy[kind] = (refusedBy[kind] ?? 0) + times;
  return {
    ...{ droppedByServer: server.dropped, droppedByView: view?.dropped ?? 0, droppedByGraph: graph?.dropped ?? 0 },
    ...{ refused: sum('malformed'), refusedBy, turnedAway: sum('turnedAway'), failed: sum('failed') },
    ...{ bridge: bridges.counts, faults: bridges.faults, bridges: bridges.words },
  };
}
