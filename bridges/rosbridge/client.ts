import { type Ros, Topic } from 'roslib';
import { BehaviorSubject, Subject } from 'rxjs';
import type { Clock } from '../../src/core/clock.ts';
import { type BridgeConfig, bridgeSchema } from '../../src/core/config-schema.ts';
import { type ErrorCode, ReflexArcError } from '../../src/core/errors.ts';
import { defineBridge } from '../../src/core/plugin.ts';
import type { Random } from '../../src/core/random.ts';
import type { CommandEncoder, RefusedBecause, SafeAction, SensorFrame, SentCommand } from '../../src/core/signals.ts';
import type { Bridge, BridgeCounters, LinkState } from '../bridge.ts';
import { ServiceCalls } from './calls.ts';
import { Connection } from './connection.ts';
import { spellIncoming, spellOutgoing, spellType } from './dialect.ts';
import { isKnown, validate } from './validate.ts';

export interface TopicRef {
  topic: string;
  /** Long spelling, `pkg/msg/Type`. */
  type: string;
}

export interface RosbridgeContext {
  clock: Clock;
  /** Jitter of reconnection. */
  random: Random;
  /** What to listen to, in the order of subscription. */
  topics: readonly TopicRef[];
  /** How commands are spelt; null for a client that only listens. */
  encoder: CommandEncoder | null;
  log(error: ReflexArcError): void;
}

/** The same complaint about the same topic or address is made at most so often. */
const SAY_AGAIN_NS = 10e9;
const MAX_COMPLAINTS = 100;

/**
 * A robot behind a rosbridge websocket. State and commands share one connection, services have a second one. Nothing is
 * ever queued (house rule 3): a command goes out now, on a link that answers, or it is refused and counted.
 */
export class RosbridgeClient implements Bridge {
  readonly name = 'rosbridge';
  readonly frames$ = new Subject<SensorFrame>();
  readonly link$: BehaviorSubject<LinkState>;
  readonly counters: BridgeCounters = { framesIn: 0, malformed: 0, commandsSent: 0, commandsRefused: 0, reconnects: 0 };
  readonly #config: BridgeConfig;
  readonly #context: RosbridgeContext;
  readonly #stream: Connection;
  readonly #calls: ServiceCalls;
  readonly #saidNs = new Map<string, number>();
  #opened: (() => void)[] = [];
  #opening = false;
  #closed = false;
  #epoch = 0;

  constructor(config: BridgeConfig, context: RosbridgeContext) {
    this.#config = config;
    this.#context = context;
    this.link$ = new BehaviorSubject<LinkState>({
      up: false,
      epoch: 0,
      atNs: context.clock.nowNs(),
      reason: 'not yet connected',
    });
    const common = {
      url: config.url,
      backoffMs: config.backoff_ms,
      maxMessageBytes: config.max_message_bytes,
      pingMs: config.ping_ms,
      random: context.random,
      onMalformed: (why: string) =>
        this.#malformed(config.url, `${config.url}: ${why}`, 'operations of rosbridge v2 as JSON text'),
    };
    this.#stream = new Connection({
      ...common,
      onUp: (ros) => this.#up(ros),
      onDown: (reason) => this.#link(false, reason),
      onFailed: (reason) =>
        this.#say('RA_BRIDGE_UNREACHABLE', config.url, {
          seen: `${config.url}: ${reason}`,
          allowed: 'a rosbridge server that accepts us',
        }),
    });
    this.#calls = new ServiceCalls(common, config.ros_version);
  }

  /** Resolves at the first connection, or when the bridge is closed before. */
  open(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#closed || this.#epoch > 0) resolve();
      else this.#opened.push(resolve);
      if (!this.#opening && !this.#closed) this.#stream.connect();
      this.#opening = true;
    });
  }

  /** A new connection: everything is subscribed and advertised again, in the order of the context, then the link is up. */
  #up(ros: Ros): void {
    const { encoder, topics } = this.#context;
    const version = this.#config.ros_version;
    const epoch = this.#epoch + 1;
    for (const { topic, type } of topics) {
      const known = isKnown(type);
      new Topic<unknown>({
        ros,
        name: topic,
        messageType: spellType(type, version),
        queue_length: 1,
        reconnect_on_close: false,
      }).subscribe((message) => this.#receive(topic, type, known, message, epoch));
    }
    if (encoder !== null)
      ros.callOnConnection({ op: 'advertise', topic: encoder.topic, type: spellType(encoder.type, version) });
    this.#epoch = epoch;
    this.counters.reconnects = epoch - 1;
    this.#link(true, '');
    for (const resolve of this.#opened.splice(0)) resolve();
  }

  #link(up: boolean, reason: string): void {
    this.link$.next({ up, epoch: this.#epoch, atNs: this.#context.clock.nowNs(), reason });
  }

  /** Hot: each state message passes here. It is parsed once, by the transport, and respelt and checked in place. */
  #receive(topic: string, type: string, known: boolean, message: unknown, linkEpoch: number): void {
    const receivedNs = this.#context.clock.nowNs();
    this.counters.framesIn++;
    if (typeof message === 'object' && message !== null) {
      const met = spellIncoming(message as Record<string, unknown>, known);
      if (met !== 0 && met !== this.#config.ros_version) this.#wrongDialect(met);
    }
    const fault = validate(type, message);
    if (fault !== null) {
      this.#malformed(topic, `${topic}: ${fault.field} is ${fault.seen}`, fault.allowed);
      return;
    }
    this.frames$.next({ topic, type, message, receivedNs, linkEpoch });
  }

  #malformed(key: string, seen: string, allowed: string): void {
    this.counters.malformed++;
    this.#say('RA_MESSAGE_MALFORMED', key, { seen, allowed });
  }

  /** What we read is respelt, but what we write would be misread, without a word: the robot would not move. */
  #wrongDialect(met: 1 | 2): void {
    this.#say('RA_CONFIG_INVALID', 'dialect', {
      seen: `bridge.ros_version: ${this.#config.ros_version}, but ${this.#config.url} spells times as ROS ${met}`,
      allowed: `bridge.ros_version: ${met}`,
    });
  }

  #say(code: ErrorCode, key: string, what: { seen: string; allowed: string }): void {
    const nowNs = this.#context.clock.nowNs();
    const saidNs = this.#saidNs.get(key);
    if (saidNs !== undefined && nowNs - saidNs < SAY_AGAIN_NS) return;
    if (this.#saidNs.size >= MAX_COMPLAINTS) this.#saidNs.clear();
    this.#saidNs.set(key, nowNs);
    this.#context.log(new ReflexArcError(code, what));
  }

  send(action: SafeAction): SentCommand {
    const nowNs = this.#context.clock.nowNs();
    const refused = this.#refusal(action, nowNs);
    if (refused === null) {
      const { topic, message } = this.#context.encoder!.encode(action);
      const msg = spellOutgoing(message, this.#config.ros_version) as Record<string, never>;
      this.#stream.ros!.callOnConnection({ op: 'publish', topic, msg });
      this.counters.commandsSent++;
    } else this.counters.commandsRefused++;
    return { sent: refused === null, refused, epoch: action.epoch, seq: action.seq, sentNs: nowNs };
  }

  #refusal(action: SafeAction, nowNs: number): RefusedBecause | null {
    if (this.#closed || this.#context.encoder === null) return 'closed';
    const { ros } = this.#stream;
    if (ros === null || !ros.isConnected) return 'not_connected';
    if (!(nowNs < action.expiresNs)) return 'expired';
    if (this.#stream.unsentBytes > 0) return 'backpressure';
    return this.#stream.acknowledged ? null : 'unacknowledged';
  }

  call(service: string, type: string, args: unknown, timeoutMs: number): Promise<unknown> {
    return this.#calls.call(service, type, args, timeoutMs);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#stream.close();
    this.#calls.close();
    if (this.link$.value.up) this.#link(false, 'closed by us');
    for (const resolve of this.#opened.splice(0)) resolve();
  }
}

export const rosbridge = defineBridge({
  name: 'rosbridge',
  summary: 'A robot behind a ROS websocket bridge (rosbridge v2), ROS 1 or ROS 2.',
  options: bridgeSchema,
  create: (config: BridgeConfig, context: RosbridgeContext): Bridge => new RosbridgeClient(config, context),
});
