import { type Ros, Service, Topic } from 'roslib';
import { BehaviorSubject, Subject } from 'rxjs';
import type { Clock } from '../../src/core/clock.ts';
import type { BridgeConfig } from '../../src/core/config-schema.ts';
import { bridgeSchema } from '../../src/core/config-schema.ts';
import { type ErrorCode, ReflexArcError } from '../../src/core/errors.ts';
import { defineBridge } from '../../src/core/plugin.ts';
import type { Random } from '../../src/core/random.ts';
import type { CommandEncoder, RefusedBecause, SafeAction, SensorFrame, SentCommand } from '../../src/core/signals.ts';
import type { Bridge, BridgeCounters, LinkState } from '../bridge.ts';
import { Connection } from './connection.ts';
import { spellIncoming, spellOutgoing, spellType } from './dialect.ts';
import { validate } from './validate.ts';

export interface TopicRef {
  topic: string;
  type: string;
}

export interface RosbridgeContext {
  clock: Clock;
  random: Random;
  /** What to listen to. */
  topics: readonly TopicRef[];
  /** How commands are spelt; null for a client that only listens. */
  encoder: CommandEncoder | null;
  log(error: ReflexArcError): void;
}

/** Say again that the bridge is away, and that a topic is malformed, at most so often. */
const SAY_AGAIN_NS = 10e9;

/**
 * A robot behind a rosbridge websocket. State and commands share one connection; services go over a second one, since a
 * slow service blocks the connection that called it. Nothing is ever queued: what cannot go out now is refused.
 */
export class RosbridgeClient implements Bridge {
  readonly name = 'rosbridge';
  readonly frames$ = new Subject<SensorFrame>();
  readonly link$: BehaviorSubject<LinkState>;
  readonly counters: BridgeCounters = { framesIn: 0, malformed: 0, commandsSent: 0, commandsRefused: 0, reconnects: 0 };
  readonly #config: BridgeConfig;
  readonly #context: RosbridgeContext;
  readonly #stream: Connection;
  readonly #calls: Connection;
  readonly #inFlight = new Set<(reason: string) => void>();
  readonly #saidNs = new Map<string, number>();
  #callsOpen = false;
  #callsUp: (() => void)[] = [];
  #opened: (() => void) | null = null;
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
      onMalformed: (why: string) => this.#malformed('the socket', why),
    };
    this.#stream = new Connection({
      ...common,
      onUp: (ros) => this.#up(ros),
      onDown: (reason) => this.#link(false, reason),
      onFailed: (reason) => {
        this.#say(
          'RA_BRIDGE_UNREACHABLE',
          config.url,
          `${config.url}: ${reason}`,
          'a rosbridge server that accepts us',
        );
      },
    });
    this.#calls = new Connection({
      ...common,
      onUp: () => {
        for (const go of this.#callsUp.splice(0)) go();
      },
      onDown: (reason) => {
        for (const reject of [...this.#inFlight]) reject(`the link closed: ${reason}`);
      },
      onFailed: () => {},
    });
  }

  open(): Promise<void> {
    return new Promise((resolve) => {
      this.#opened = resolve;
      this.#stream.connect();
    });
  }

  /** A new connection: everything is subscribed and advertised again, in the order of the options, then the link is up. */
  #up(ros: Ros): void {
    const { encoder, topics } = this.#context;
    const version = this.#config.ros_version;
    const epoch = this.#epoch + 1;
    for (const { topic, type } of topics) {
      new Topic<Record<string, unknown>>({
        ros,
        name: topic,
        messageType: spellType(type, version),
        queue_length: 1,
        reconnect_on_close: false,
      }).subscribe((message) => this.#receive(topic, type, message, epoch));
    }
    if (encoder !== null)
      ros.callOnConnection({ op: 'advertise', topic: encoder.topic, type: spellType(encoder.type, version) });
    this.#epoch = epoch;
    this.counters.reconnects = epoch - 1;
    this.#link(true, '');
    this.#opened?.();
    this.#opened = null;
  }

  #link(up: boolean, reason: string): void {
    this.link$.next({ up, epoch: this.#epoch, atNs: this.#context.clock.nowNs(), reason });
  }

  #receive(topic: string, type: string, message: Record<string, unknown>, linkEpoch: number): void {
    const receivedNs = this.#context.clock.nowNs();
    this.counters.framesIn++;
    const why = validate(type, message);
    if (why !== '') {
      this.#malformed(topic, why);
      return;
    }
    spellIncoming(message);
    this.frames$.next({ topic, type, message, receivedNs, linkEpoch });
  }

  #malformed(topic: string, why: string): void {
    this.counters.malformed++;
    this.#say('RA_MESSAGE_MALFORMED', topic, `${topic}: ${why}`, 'messages of the configured type');
  }

  #say(code: ErrorCode, key: string, seen: string, allowed: string): void {
    const nowNs = this.#context.clock.nowNs();
    if (nowNs - (this.#saidNs.get(key) ?? Number.NEGATIVE_INFINITY) < SAY_AGAIN_NS) return;
    if (this.#saidNs.size > 100) this.#saidNs.clear();
    this.#saidNs.set(key, nowNs);
    this.#context.log(new ReflexArcError(code, { seen, allowed }));
  }

  send(action: SafeAction): SentCommand {
    const nowNs = this.#context.clock.nowNs();
    const ros = this.#stream.ros;
    let refused: RefusedBecause | null = null;
    if (this.#context.encoder === null) refused = 'closed';
    else if (ros === null || !ros.isConnected) refused = 'not_connected';
    else if (nowNs >= action.expiresNs) refused = 'expired';
    else if (this.#stream.unsentBytes > 0) refused = 'backpressure';
    else {
      const { topic, message } = this.#context.encoder.encode(action);
      ros.callOnConnection({ op: 'publish', topic, msg: spellOutgoing(message, this.#config.ros_version) as never });
    }
    if (refused === null) this.counters.commandsSent++;
    else this.counters.commandsRefused++;
    return { sent: refused === null, refused, epoch: action.epoch, seq: action.seq, sentNs: nowNs };
  }

  async call(service: string, type: string, args: unknown, timeoutMs: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const fail = (code: 'RA_SERVICE_FAILED' | 'RA_SERVICE_TIMEOUT', seen: string) => {
        settle();
        reject(new ReflexArcError(code, { seen: `${service}: ${seen}`, allowed: `an answer within ${timeoutMs} ms` }));
      };
      const onClosed = (reason: string) => fail('RA_SERVICE_FAILED', reason);
      const timer = setTimeout(() => fail('RA_SERVICE_TIMEOUT', 'no answer'), timeoutMs);
      const settle = () => {
        clearTimeout(timer);
        this.#inFlight.delete(onClosed);
      };
      this.#inFlight.add(onClosed);
      const go = () => {
        const ros = this.#calls.ros;
        if (ros === null || !this.#inFlight.has(onClosed)) return;
        new Service<never, unknown>({
          ros,
          name: service,
          serviceType: spellType(type, this.#config.ros_version),
        }).callService(
          args as never,
          (values) => {
            settle();
            resolve(values);
          },
          (error) => fail('RA_SERVICE_FAILED', String(error)),
        );
      };
      if (!this.#callsOpen) this.#calls.connect();
      this.#callsOpen = true;
      if (this.#calls.ros !== null) go();
      else this.#callsUp.push(go);
    });
  }

  async close(): Promise<void> {
    this.#stream.close();
    this.#calls.close();
    for (const reject of [...this.#inFlight]) reject('the bridge was closed');
    if (this.link$.value.up) this.#link(false, 'closed by us');
  }
}

export const rosbridge = defineBridge({
  name: 'rosbridge',
  summary: 'A robot behind a ROS websocket bridge (rosbridge v2), ROS 1 or ROS 2.',
  options: bridgeSchema,
  create: (config: BridgeConfig, context: RosbridgeContext): Bridge => new RosbridgeClient(config, context),
});
