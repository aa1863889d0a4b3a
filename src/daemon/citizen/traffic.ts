import type { Bridge, BridgeCounters, BridgeFault } from '../../../bridges/bridge.ts';
import type { RosServerCounters } from '../../../bridges/rosserver/server.ts';
import { Recent } from './recent.ts';

/** What of the traffic between us and others was lost or refused, as counts since the observer began. */
export interface Traffic {
  /** Messages of ours that did not reach who was to have them: clients of our ROS server, and the robot's graph. */
  readonly droppedByServer: number;
  readonly droppedByGraph: number;
  /** Operations of clients that our server refused, clients that it turned away, and handlers of ours that threw. */
  readonly refused: number;
  readonly turnedAway: number;
  readonly failed: number;
  /** Of the observer's own bridge to the robot. */
  readonly bridge: Pick<BridgeCounters, 'lost' | 'silent' | 'mismatched' | 'malformed' | 'unexpected'>;
  /** What stands against it now. */
  readonly faults: readonly BridgeFault[];
}

type Counted = 'dropped' | 'refused' | 'turned away' | 'failed' | 'malformed' | 'unexpected';

/** Which of the counts have grown within the last seconds. */
export type Growing = ReadonlySet<Counted>;

export const droppedOf = (t: Traffic): number => t.droppedByServer + t.droppedByGraph;

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

/** The traffic of an observer, now. */
export function trafficOf(
  server: { readonly counters: RosServerCounters; readonly dropped: number },
  bridge: Pick<Bridge, 'counters' | 'faults'>,
  graph: { readonly dropped?: number } | undefined,
): Traffic {
  const { malformed, turnedAway, failed } = server.counters;
  return {
    ...{ droppedByServer: server.dropped, droppedByGraph: graph?.dropped ?? 0 },
    ...{ refused: malformed, turnedAway, failed },
    bridge: bridge.counters,
    faults: bridge.faults ?? [],
  };
}
