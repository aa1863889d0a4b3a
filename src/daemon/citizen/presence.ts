import { type Header, TYPES } from '../../../bridges/messages/messages.ts';
import type { Clock } from '../../core/clock.ts';
import type { RunConfig } from '../../core/config-schema.ts';
import type { Mode, OperatorRequest } from '../../core/signals.ts';
import type { ReflexClient } from '../operator.ts';
import type { PracticeDoor } from '../practice-door.ts';
import type { Observed, Tick } from '../wire.ts';
import { Citizen, type Port } from './citizen.ts';
import { diagnose, type Health, newsOf } from './diagnostics.ts';
import { TOPICS } from './interface.ts';
import {
  commandMessage,
  decisionMessage,
  interventionMessage,
  leaseOf,
  stateMessage,
  tickMessage,
  transitionMessage,
} from './messages.ts';
import { Recent } from './recent.ts';
import { TakeoverDoor } from './takeovers.ts';
import { Timing } from './timing.ts';
import { type Traffic, TrafficWatch } from './traffic.ts';
import { Trips } from './trips.ts';

const STATE_NS = 100e6;
const DIAGNOSTICS_NS = 1e9;
/** What went wrong is shown for so long. */
const LATELY_NS = 5e9;

export interface PresenceParts {
  readonly config: RunConfig;
  readonly reflex: ReflexClient;
  readonly ports: readonly Port[];
  /** Of seconds that pass, also where the robot's time is stepped. */
  readonly clock: Clock;
  header(): Header;
  /** Into the log. */
  record(topic: string, type: string, message: unknown): void;
  ask(request: OperatorRequest): Promise<{ accepted: boolean; reason: string }>;
  /** Where the residual goes on learning. */
  readonly practice?: Pick<PracticeDoor, 'report' | 'ask'>;
  traffic(): Traffic;
  /** Why the link to the robot is down, as the reflex has it or else the observer; empty while it is up. */
  linkReason(): string;
  logState(): { path: string; bytes: number; dropped: number; stopped: string };
}

/** The daemon as others see it: what the reflex and the brain say, to every ROS graph and into the log. */
export class Presence {
  /** Why the ladder is where it is. */
  cause = '';
  detail = '';
  last: Tick | null = null;
  /** When the brain last decided, ns; NaN before. */
  decidedNs = Number.NaN;
  readonly #parts: PresenceParts;
  readonly #citizen: Citizen;
  readonly #door: TakeoverDoor;
  readonly #trips = new Trips();
  readonly #timing: Timing;
  readonly #traffic = new TrafficWatch(LATELY_NS);
  readonly #lost = new Recent(LATELY_NS);
  readonly #refused = new Recent(LATELY_NS);
  #mode: Mode | null = null;
  #saidStateNs = Number.NEGATIVE_INFINITY;
  #saidHealthNs = Number.NEGATIVE_INFINITY;
  #news = '';

  constructor(parts: PresenceParts) {
    this.#parts = parts;
    const { config, reflex, ports, clock, ask } = parts;
    this.#timing = new Timing(
      config.daemon.time === 'stepped' ? Number.POSITIVE_INFINITY : 1e9 / config.safety.control_hz,
    );
    this.#door = new TakeoverDoor({
      from: config.daemon.takeover_from,
      deliver: (takeover) => reflex.takeOver(takeover),
    });
    this.#citizen = new Citizen({
      ...{ namespace: config.daemon.namespace, ports, clock, ask },
      incident: () => reflex.status$.value?.incident ?? 0,
      takeOver: (message, client) => void this.#door.knock(message, client),
      ...(parts.practice && { practice: parts.practice }),
    });
    reflex.ticks$.subscribe((t) => this.#ticked(t));
    reflex.interventions$.subscribe((one) => {
      const message = interventionMessage(parts.header(), one);
      parts.record(TOPICS.intervention.log, TYPES.intervention, message);
      this.#citizen.say('intervention', () => message);
    });
    reflex.transitions$.subscribe((t) => {
      this.cause = t.cause;
      this.detail = t.detail;
      this.#trips.observe(t);
      const message = transitionMessage(parts.header(), t);
      parts.record(TOPICS.transition.log, TYPES.ladderTransition, message);
      this.#citizen.say('transition', () => message);
      this.#sayMode(t.to);
      this.#sayState();
    });
    reflex.status$.subscribe((status) => {
      if (status === null) this.#timing.restart();
      else this.#sayMode(status.mode);
    });
  }

  /** The brain has decided. */
  decided(observed: Observed): void {
    this.decidedNs = this.#parts.clock.nowNs();
    const message = decisionMessage(this.#parts.header(), observed);
    this.#parts.record(TOPICS.proposal.log, TYPES.decision, message);
    this.#citizen.say('proposal', () => message);
  }

  #ticked(t: Tick): void {
    const parts = this.#parts;
    const leaseMs = parts.config.safety.lease_ms;
    this.last = t;
    this.#timing.tick(t, parts.clock.nowNs());
    const message = tickMessage(parts.header(), t);
    parts.record(TOPICS.tick.log, TYPES.tickRecord, message);
    this.#citizen.say('tick', () => message);
    // Of a tick in which nothing was judged there is none.
    if (!Number.isNaN(t.risk)) this.#citizen.say('risk', () => ({ data: t.risk }));
    if (!t.sent) return;
    this.#citizen.say('command', () => commandMessage(parts.header(), t, leaseMs));
    this.#citizen.say('lease', () => leaseOf(t, leaseMs));
  }

  /** Who comes late, or comes back, still learns the mode. */
  #sayMode(mode: Mode): void {
    if (mode === this.#mode) return;
    this.#mode = mode;
    this.#citizen.say('mode', () => ({ data: mode }));
  }

  #sayState(): void {
    const { reflex, clock, header } = this.#parts;
    const status = reflex.status$.value;
    this.#saidStateNs = clock.nowNs();
    this.#citizen.say('state', () =>
      stateMessage(header(), status, this.last, {
        ...this.why,
        takeover: this.#door.nameOf(status?.takeoverHolder ?? 0),
        takeoversRefused: this.#door.refused,
        takeoverRefusal: this.#door.lastRefusal,
        traffic: this.#parts.traffic(),
      }),
    );
  }

  /** Cause and sentence of the mode, as a person should read it. */
  get why(): { cause: string; detail: string } {
    const status = this.#parts.reflex.status$.value;
    if (status === null) return { cause: 'reflex_gone', detail: 'the reflex process does not answer' };
    return { cause: this.cause || status.cause, detail: this.detail };
  }

  /** To be called some 20 times a second: says what is due. */
  look(): void {
    const { clock, reflex, config, header } = this.#parts;
    const nowNs = clock.nowNs();
    const status = reflex.status$.value;
    if (status !== null) this.#door.observeGate(status.takeoverHolder, status.takeoversRefused, status.takeoverRefusal);
    if (nowNs - this.#saidStateNs >= STATE_NS) this.#sayState();
    const health = diagnose(header(), this.#health(nowNs), config.daemon.namespace.slice(1), config.robot.name);
    const news = newsOf(health);
    if (news === this.#news && nowNs - this.#saidHealthNs < DIAGNOSTICS_NS) return;
    this.#news = news;
    this.#saidHealthNs = nowNs;
    this.#citizen.say('diagnostics', () => health);
  }

  #health(nowNs: number): Health {
    const { config, reflex, linkReason, logState } = this.#parts;
    const status = reflex.status$.value;
    const log = logState();
    const traffic = this.#parts.traffic();
    const refusedLately = this.#refused.grew(this.#door.refused, nowNs);
    return {
      status,
      ...this.why,
      rulesOff: config.safety.off,
      bridge: config.bridge.url,
      linkReason: linkReason(),
      decisionMs: (nowNs - this.decidedNs) / 1e6,
      decisionAgeMs: Math.max(config.safety.decision_age_ms, (2 * 1000) / config.task.decision_hz),
      timing: this.#timing.report(nowNs),
      risk: this.last?.risk ?? Number.NaN,
      riskLow: config.safety.risk.low,
      riskHigh: config.safety.risk.high,
      log: { ...log, dropped: this.#lost.grew(log.dropped, nowNs) ? log.dropped : 0 },
      takeover: this.#door.nameOf(status?.takeoverHolder ?? 0),
      takeoversRefused: this.#door.refused,
      takeoverRefusal: refusedLately ? this.#door.lastRefusal : '',
      ...{ traffic, growing: this.#traffic.growing(traffic, nowNs) },
      trips: this.#trips.all,
      ...(this.#parts.practice && { practice: this.#parts.practice.report }),
    };
  }
}
