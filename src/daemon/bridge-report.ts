import type { Bridge, BridgeCounters, BridgeFault } from '../../bridges/bridge.ts';

/** The processes that each have a way of their own to the robot; the sentinel's is for its stop alone. */
export const BRIDGED = ['observer', 'reflex', 'brain', 'sentinel'] as const;
export type Bridged = (typeof BRIDGED)[number];

/** How one process finds its bridge to the robot: since the process began, and now. */
export interface BridgeReport {
  readonly up: boolean;
  /** Why it is down; empty while it is up. */
  readonly reason: string;
  /** When it came up or went down, ns of the process's clock. */
  readonly atNs: number;
  readonly counters: Readonly<BridgeCounters>;
  /** What stands against it, oldest first. */
  readonly faults: readonly BridgeFault[];
}

const EVERY_MS = 500;
/** A server may name things as it likes: what is passed on of it is bounded. */
const MAX_FAULTS = 20;
const MAX_TEXT = 300;

const cut = (text: string) => (text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text);

/** Follows a bridge; returns how it stands at the moment of the call. */
export function following(bridge: Pick<Bridge, 'link$' | 'counters' | 'faults'>): () => BridgeReport {
  let [up, reason, atNs] = [false, '', 0];
  bridge.link$.subscribe((link) => {
    ({ up, atNs } = link);
    reason = cut(link.reason);
  });
  return () => ({
    ...{ up, reason, atNs, counters: bridge.counters },
    faults: (bridge.faults ?? [])
      .slice(0, MAX_FAULTS)
      .map((fault) => ({ ...fault, about: cut(fault.about), seen: cut(fault.seen) })),
  });
}

/** Tells of a bridge twice a second, for as long as the process lives: never from within a tick. */
export function reportBridge(bridge: Bridge, tell: (report: BridgeReport) => void): void {
  const now = following(bridge);
  setInterval(() => tell(now()), EVERY_MS).unref();
}
