import { logMetadata, readLog } from '../../bridges/mcap/reader.ts';
import { ReflexArcError } from '../core/errors.ts';
import { Histogram, type Quantiles } from '../core/histogram.ts';
import { type Incident, Incidents } from './incidents.ts';
import { type LoggedJournal, type LoggedTick, TOPIC } from './topics.ts';

export interface TopicSummary {
  type: string;
  messages: number;
  /** Mean rate between its first and its last message, Hz. */
  hz: number;
  /** Longest time between two messages, s, and where it began. */
  longest_gap_s: number;
  gap_at_s: number;
}

export interface LogSummary {
  paths: readonly string[];
  /** Name of the run; empty for a log of somebody else. */
  run: string;
  provenance: Readonly<Record<string, string>>;
  /** Wall time of the first message, ISO 8601. */
  began: string;
  duration_s: number;
  topics: Record<string, TopicSummary>;
  ticks: number;
  commands: number;
  /** Share of the ticks in each mode, and of the commands by who wrote them. */
  modes: Record<string, number>;
  sources: Record<string, number>;
  /** Stops and interventions by cause. */
  stops: Record<string, number>;
  interventions: Record<string, number>;
  incidents: Incident[];
  risk: Quantiles;
  force: Quantiles;
  /** Of the tick alone, and from the arrival of the state to the command handed over; µs. */
  compute_us: Quantiles;
  loop_us: Quantiles;
  /** Mean share of the residual while a policy wrote. */
  residual_fraction: number;
  /** Calls of the gate that are missing, so that what follows cannot be made again. */
  journal: { entries: number; lost: number; births: number };
  /** Why reading ended early; null for a whole file. */
  damage: string | null;
}

/** A message of the log, as every reader of a summary may want it. */
export interface Seen {
  readonly atS: number;
  readonly topic: string;
  readonly message: Record<string, unknown>;
}

/**
 * One pass over a log, in bounded memory. A damaged file is summed up as far as it can be read; `damage` then says where it
 * ended.
 * @param onMessage told of every message besides
 * @throws ReflexArcError RA_LOG_DAMAGED for a file of which nothing can be read
 */
export async function inspectLog(
  paths: readonly string[],
  onMessage: (seen: Seen) => void = () => {},
): Promise<LogSummary> {
  const metadata = await logMetadata(paths[0]!);
  const collector = new Collector();
  let damage: string | null = null;
  let firstNs: bigint | null = null;
  try {
    for (const path of paths)
      for await (const { topic, type, logTimeNs, message } of readLog(path)) {
        firstNs ??= logTimeNs;
        const atS = Number(logTimeNs - firstNs) / 1e9;
        collector.take(atS, topic, type, message);
        onMessage({ atS, topic, message });
      }
  } catch (error) {
    if (!(error instanceof ReflexArcError) || firstNs === null) throw error;
    damage = error.seen;
  }
  const run = metadata.config?.run;
  return {
    paths,
    run: run === undefined ? '' : ((JSON.parse(run) as { name?: string }).name ?? ''),
    provenance: metadata.reflexarc ?? {},
    began: firstNs === null ? '' : new Date(Number(firstNs / 1_000_000n)).toISOString(),
    ...collector.summary(),
    damage,
  };
}

class Collector {
  readonly #topics = new Map<string, TopicSummary & { first: number; last: number }>();
  readonly #incidents = new Incidents();
  readonly #modes: Record<string, number> = {};
  readonly #sources: Record<string, number> = {};
  readonly #risk = new Histogram(1e-4);
  readonly #force = new Histogram(1e-3);
  readonly #compute = new Histogram(0.1);
  readonly #loop = new Histogram(1);
  readonly #residual = { sum: 0, n: 0 };
  readonly #journal = { entries: 0, lost: 0, births: 0 };
  #next = 0;
  #ticks = 0;
  #commands = 0;
  #endS = 0;

  take(atS: number, topic: string, type: string, message: Record<string, unknown>): void {
    this.#endS = Math.max(this.#endS, atS);
    const t = this.#topics.get(topic);
    if (t === undefined) {
      const none = { messages: 1, hz: 0, longest_gap_s: 0, gap_at_s: atS };
      this.#topics.set(topic, { type, ...none, first: atS, last: atS });
    } else {
      t.messages++;
      if (atS - t.last > t.longest_gap_s) {
        t.longest_gap_s = atS - t.last;
        t.gap_at_s = t.last;
      }
      t.last = atS;
    }
    this.#incidents.take(atS, topic, message);
    if (topic === TOPIC.tick) this.#tick(message as unknown as LoggedTick);
    else if (topic === TOPIC.journal) this.#journalled(message as unknown as LoggedJournal);
  }

  #tick(tick: LoggedTick): void {
    this.#ticks++;
    this.#modes[tick.mode] = (this.#modes[tick.mode] ?? 0) + 1;
    if (tick.source !== 'none') {
      this.#commands++;
      this.#sources[tick.source] = (this.#sources[tick.source] ?? 0) + 1;
    }
    if (tick.risk >= 0) this.#risk.record(tick.risk);
    if (tick.force >= 0) this.#force.record(tick.force);
    this.#compute.record(tick.compute_us);
    if (tick.loop_us > 0) this.#loop.record(tick.loop_us);
    if (tick.source !== 'policy') return;
    this.#residual.sum += tick.residual_fraction;
    this.#residual.n++;
  }

  #journalled({ first, entries }: LoggedJournal): void {
    const number = Number(first);
    if (number === 0) {
      this.#journal.births++;
      this.#next = 0;
    }
    if (number > this.#next) this.#journal.lost += number - this.#next;
    let count = 0;
    for (let at = 0; at + 1 < entries.length; at += 2 + Math.max(0, entries[at + 1]!)) count++;
    this.#journal.entries += count;
    this.#next = number + count;
  }

  summary() {
    const share = (counts: Record<string, number>, of: number) =>
      Object.fromEntries(Object.entries(counts).map(([name, n]) => [name, n / Math.max(1, of)]));
    const topics = [...this.#topics].sort(([a], [b]) => a.localeCompare(b));
    const { stops, interventions, list } = this.#incidents;
    return {
      duration_s: this.#endS,
      topics: Object.fromEntries(
        topics.map(([name, { first, last, ...t }]) => [
          name,
          { ...t, hz: last > first ? (t.messages - 1) / (last - first) : 0 },
        ]),
      ),
      ticks: this.#ticks,
      commands: this.#commands,
      modes: share(this.#modes, this.#ticks),
      sources: share(this.#sources, this.#commands),
      ...{ stops, interventions, incidents: list },
      risk: this.#risk.quantiles(),
      force: this.#force.quantiles(),
      compute_us: this.#compute.quantiles(),
      loop_us: this.#loop.quantiles(),
      residual_fraction: this.#residual.n === 0 ? 0 : this.#residual.sum / this.#residual.n,
      journal: this.#journal,
    };
  }
}
