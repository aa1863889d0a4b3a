import type { Ros, RosbridgeMessage } from 'roslib';
import { BehaviorSubject, Subject } from 'rxjs';
import { type BridgeConfig, bridgeSchema } from '../../src/core/bridge-schema.ts';
import type { Clock } from '../../src/core/clock.ts';
import type { ReflexArcError } from '../../src/core/errors.ts';
import { type Handshake, handshakeOf } from '../../src/core/handshake.ts';
import { defineBridge } from '../../src/core/plugin.ts';
import type { Random } from '../../src/core/random.ts';
import type { CommandEncoder, RefusedBecause, SafeAction, SensorFrame, SentCommand } from '../../src/core/signals.ts';
import type { Bridge, BridgeCounters, BridgeFault, LinkState } from '../bridge.ts';
import { ServiceCalls } from './calls.ts';
import { Commands } from './commands.ts';
import { Complaints } from './complaints.ts';
import { Connection, type ConnectionOptions } from './connection.ts';
import { type RosVersion, spellIncoming, spellOutgoing, spellType } from './dialect.ts';
import { RosbridgeGraph } from './graph.ts';
import { Listening } from './listening.ts';
import type { Streams } from './streams.ts';
import { Subscription, type TopicRef } from './subscription.ts';
import { Survey } from './survey.ts';

export type { TopicRef } from './subscription.ts';

export interface RosbridgeContext {
  clock: Clock;
  /** Jitter of reconnection. */
  random: Random;
  /** What to listen to, in the order of subscription. */
  topics: readonly TopicRef[];
  /** How commands are spelt; null for a client that only listens. */
  encoder: CommandEncoder | null;
  /** What other processes of ours say to the robot beside the commands: verified with them, not said from here. */
  said?: readonly (TopicRef & { optional?: boolean })[];
  log(error: ReflexArcError): void;
  /** Told when what was logged and stood is well again. */
  cleared?(fault: BridgeFault): void;
}

interface Ends {
  up(ros: Ros): void;
  down(reason: string): void;
  failed?(reason: string): void;
}

/**
 * A robot behind a rosbridge websocket, over three connections, so that nothing waits behind what may take long: commands,
 * states, and the rest (services, bulky topics). The link is up while the first two are; each time they are both there
 * again, everything has been subscribed and advertised anew and a new epoch begins. Nothing is ever queued (house rule
 * 3): a command goes out now, on a link that answers, or it is refused and counted.
 */
export class RosbridgeClient implements Bridge {
  readonly name = 'rosbridge';
  readonly frames$ = new Subject<SensorFrame>();
  readonly link$: BehaviorSubject<LinkState>;
  readonly counters: BridgeCounters = {
    framesIn: 0,
    malformed: 0,
    unexpected: 0,
    commandsSent: 0,
    commandsRefused: 0,
    reconnects: 0,
    lost: 0,
    silent: 0,
    mismatched: 0,
    unreached: 0,
    callsFailed: 0,
  };
  readonly #config: BridgeConfig;
  readonly #context: RosbridgeContext;
  readonly #handshake: Handshake;
  readonly #complaints: Complaints;
  readonly #subscriptions: readonly Subscription[];
  /** Null for a client that sends no commands, or one that hears no states. */
  readonly #commands: Commands | null;
  readonly #states: Connection | null;
  readonly #side: Connection;
  readonly #calls: ServiceCalls;
  readonly #survey: Survey;
  readonly #listening: Listening;
  #graph: RosbridgeGraph | null = null;
  #version: RosVersion | 0;
  #opened: (() => void)[] = [];
  #opening = false;
  /** The dialect is known, and the connections are being made. */
  #connected = false;
  #closed = false;
  #epoch = 0;

  /** @throws ReflexArcError RA_CONFIG_MISSING for a token or certificate that cannot be read */
  constructor(config: BridgeConfig, context: RosbridgeContext) {
    this.#config = config;
    this.#context = context;
    const { clock, encoder } = context;
    this.#handshake = handshakeOf(config);
    this.#complaints = new Complaints({
      ...{ clock, counters: this.counters },
      log: (error) => context.log(error),
      cleared: (fault) => context.cleared?.(fault),
    });
    this.#version = config.ros_version === 'auto' ? 0 : config.ros_version;
    this.#subscriptions = context.topics.map((ref) => new Subscription(ref, config.topics[ref.topic]));
    const atNs = clock.nowNs();
    this.link$ = new BehaviorSubject<LinkState>({ up: false, epoch: 0, atNs, reason: 'not yet connected' });

    this.#listening = new Listening(this.#subscriptions, {
      ...{ url: config.url, silenceMs: config.silence_ms, clock, counters: this.counters },
      complaints: this.#complaints,
      version: () => this.#version as RosVersion,
      onMessage: ({ topic, type }, message, receivedNs) =>
        this.frames$.next({ topic, type, message, receivedNs, linkEpoch: this.#epoch }),
      onSilent: (subscription, silence) => this.#survey.ask(subscription, silence),
      onBack: (subscription) => this.#survey.heard(subscription),
      onDead: (reason) => this.#states?.drop(reason),
    });
    const ends = { up: () => this.#up(), down: (why: string) => this.#down(why) };
    this.#states =
      this.#listening.states.all.length === 0 && encoder !== null
        ? null
        : this.#connection(this.#listening.states, config.max_message_bytes, ends);
    this.#commands =
      encoder === null ? null : new Commands(this.#connection(null, config.max_message_bytes, ends), encoder);
    this.#side = this.#connection(
      this.#listening.bulky,
      config.max_bulky_bytes,
      this.#reported('for services and bulky topics', {
        up: (ros) => this.#calls.up(ros),
        down: (why) => this.#calls.down(why),
        failed: (why) => this.#calls.failed(why),
      }),
    );
    this.#calls = new ServiceCalls(this.#side);
    this.#survey = new Survey(config, this.#calls, this.#complaints, this.#subscriptions, encoder, context.said ?? []);
  }

  #connection(streams: Streams | null, maxMessageBytes: number, on: Ends): Connection {
    const { url, backoff_ms: backoffMs, ping_ms: pingMs } = this.#config;
    const all = streams?.all ?? [];
    const exact = new Set(all.filter((s) => s.subscription.exact).map((s) => s.subscription.topic));
    const options: ConnectionOptions = {
      url,
      backoffMs,
      maxMessageBytes,
      pingMs,
      handshake: this.#handshake,
      random: this.#context.random,
      isExact: (topic) => exact.has(topic),
      onMalformed: (why) => this.#listening.malformed(url, `${url}: ${why}`, 'operations of rosbridge v2'),
      onUnexpected: (operation) => this.#unexpected(operation),
      onUp: (ros) => {
        if (streams !== null) this.#listening.begin(streams, ros);
        on.up(ros);
      },
      onDown: (reason) => {
        this.counters.lost++;
        streams?.end();
        on.down(reason);
      },
      onFailed: (reason) => {
        this.counters.unreached++;
        on.failed?.(reason);
        const seen = `${url}: ${reason}`;
        this.#complaints.say('RA_BRIDGE_UNREACHABLE', url, { seen, allowed: 'a rosbridge server that accepts us' });
      },
    };
    return new Connection(options);
  }

  /** A connection that the link does not hang on: that it ended would be told by nobody else. */
  #reported(what: string, on: Ends): Ends {
    const about = `connection ${what}`;
    return {
      ...on,
      up: (ros) => {
        this.#complaints.clear(about);
        on.up(ros);
      },
      down: (reason) => {
        const seen = `${this.#config.url}, the ${about}: ${reason}`;
        this.#complaints.raise('RA_BRIDGE_LOST', about, { seen, allowed: 'a connection that lasts' });
        on.down(reason);
      },
    };
  }

  /** Resolves at the first connection, or when the bridge is closed before. */
  open(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#closed || this.#epoch > 0) resolve();
      else this.#opened.push(resolve);
      if (!this.#opening && !this.#closed) void this.#connect();
      this.#opening = true;
    });
  }

  /** First the dialect, where it is to be asked for: nothing is subscribed or advertised in a spelling that may be wrong. */
  async #connect(): Promise<void> {
    if (this.#version === 0) this.#version = await this.#survey.dialect();
    if (this.#closed) return;
    this.#states?.open();
    this.#commands?.connection.open();
    if (this.#config.verify || this.#subscriptions.some((s) => s.how.bulky)) this.#side.open();
    this.#connected = true;
    this.#graph?.open(this.#version as RosVersion);
  }

  get faults(): readonly BridgeFault[] {
    return this.#complaints.standing;
  }

  /** On a connection of its own, made at the first use. */
  get graph(): RosbridgeGraph {
    if (this.#graph !== null) return this.#graph;
    const { url, max_message_bytes: maxMessageBytes } = this.#config;
    this.#graph = new RosbridgeGraph({
      connect: (on) =>
        this.#connection(null, maxMessageBytes, this.#reported("for our place in the robot's graph", on)),
      knows: (type) => this.#survey.knows(type, this.#version as RosVersion),
      verify: (ours) => this.#survey.graph(ours),
      found: (pkg, known) => {
        if (known) this.#complaints.clear(`package ${pkg}`);
        else
          this.#complaints.raise('RA_TOPIC_TYPE', `package ${pkg}`, {
            seen: `${url} has no ${pkg}: nothing of it is published, heard or answered there`,
            allowed: `a server with ${pkg} (bridges/messages/ros1 and ros2 hold ours, to be built beside it)`,
          });
      },
      malformed: (topic, seen, allowed) => this.#listening.malformed(topic, seen, allowed),
    });
    if (this.#connected && !this.#closed) this.#graph.open(this.#version as RosVersion);
    return this.#graph;
  }

  /** One of the two connections came up. With the other, that is a new link. */
  #up(): void {
    if (this.#states?.ros === null || this.#commands?.connection.ros === null) return;
    this.#listening.restart();
    this.#commands?.advertise(this.#version as RosVersion);
    this.#epoch++;
    this.counters.reconnects = this.#epoch - 1;
    this.#link(true, '');
    for (const resolve of this.#opened.splice(0)) resolve();
    this.#survey.begin(this.#version as RosVersion);
  }

  #down(reason: string): void {
    if (this.link$.value.up) this.#link(false, reason);
  }

  #link(up: boolean, reason: string): void {
    this.link$.next({ up, epoch: this.#epoch, atNs: this.#context.clock.nowNs(), reason });
  }

  #unexpected(operation: RosbridgeMessage): void {
    this.counters.unexpected++;
    const { op, topic, service, level, msg } = operation as unknown as Record<string, unknown>;
    const what = op === 'status' ? `${level}: ${JSON.stringify(msg)?.slice(0, 200)}` : String(topic ?? service ?? '');
    const seen = `${this.#config.url}: ${op} ${what}`.trim();
    this.#complaints.say('RA_BRIDGE_UNEXPECTED', `unexpected ${op}`, { seen, allowed: 'what we asked for' });
  }

  send(action: SafeAction): SentCommand {
    const nowNs = this.#context.clock.nowNs();
    const refused: RefusedBecause | null = this.#refusal(action, nowNs);
    if (refused === null) this.counters.commandsSent++;
    else this.counters.commandsRefused++;
    return { sent: refused === null, refused, epoch: action.epoch, seq: action.seq, sentNs: nowNs };
  }

  /** Null when it went out. */
  #refusal(action: SafeAction, nowNs: number): RefusedBecause | null {
    if (this.#closed || this.#commands === null) return 'closed';
    // A command that would go out while no state comes in would be blind.
    if (!this.link$.value.up) return 'not_connected';
    return this.#commands.send(action, nowNs, this.#version as RosVersion);
  }

  async call(service: string, type: string, args: unknown, timeoutMs: number): Promise<unknown> {
    const version = this.#version === 0 ? 2 : this.#version;
    const spelt = spellOutgoing(args, version);
    let values: unknown;
    try {
      values = await this.#calls.ask(service, spellType(type, version, 'srv'), spelt, timeoutMs);
    } catch (error) {
      this.counters.callsFailed++;
      throw error;
    }
    if (typeof values === 'object' && values !== null) spellIncoming(values as Record<string, unknown>, false);
    return values;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#listening.close();
    this.#survey.close();
    this.#states?.close();
    this.#commands?.connection.close();
    this.#side.close();
    this.#graph?.close();
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
