import type { Ros, RosbridgeMessage } from 'roslib';
import type { Clock } from '../../src/core/clock.ts';
import type { BridgeCounters } from '../bridge.ts';
import type { Complaints } from './complaints.ts';
import type { RosVersion } from './dialect.ts';
import { Silence } from './silence.ts';
import { LOOKS, type Stream, Streams } from './streams.ts';
import type { Subscription } from './subscription.ts';
import { DIALECT } from './verify.ts';

export interface ListeningOptions {
  url: string;
  silenceMs: number;
  clock: Clock;
  counters: BridgeCounters;
  complaints: Complaints;
  version(): RosVersion;
  onMessage(subscription: Subscription, message: unknown, receivedNs: number): void;
  /** A topic has fallen silent. `silence`: what to say of it; empty once it speaks again. */
  onSilent(subscription: Subscription, silence: () => string): void;
  onBack(subscription: Subscription): void;
  /** Pings are answered and no state comes any more: a fresh connection is wanted, which subscribes anew. */
  onDead(reason: string): void;
}

/** What we listen to, over two connections: the states, and what is bulky. Each message is read and checked here. */
export class Listening {
  readonly states: Streams;
  readonly bulky: Streams;
  readonly #options: ListeningOptions;
  /** Of all states together. */
  readonly #silence: Silence;
  readonly #watching: NodeJS.Timeout;

  constructor(subscriptions: readonly Subscription[], options: ListeningOptions) {
    this.#options = options;
    const limitNs = options.silenceMs * 1e6;
    this.#silence = new Silence(limitNs);
    const streams = (bulky: boolean) =>
      new Streams(
        subscriptions.filter((s) => s.how.bulky === bulky),
        {
          limitNs,
          onSilent: (stream, silentNs) => this.#silent(stream, silentNs),
          onBack: ({ subscription }) => options.onBack(subscription),
        },
      );
    this.states = streams(false);
    this.bulky = streams(true);
    this.#watching = setInterval(() => this.#watch(), options.silenceMs / LOOKS);
    this.#watching.unref();
  }

  /** The link is new: what was heard on an older one is no rhythm of this one. */
  restart(): void {
    this.#silence.restart();
  }

  /** Subscribes all of one connection. */
  begin(streams: Streams, ros: Ros): void {
    const { version } = this.#options;
    for (const stream of streams.all) {
      const { subscription } = stream;
      subscription.define(version());
      // Of this connection: what came late on an older one has nobody who listens.
      ros.on(subscription.topic, (operation) => this.#receive(streams, stream, (operation as { msg?: unknown }).msg));
      ros.callOnConnection(subscription.operation(version()) as RosbridgeMessage);
    }
    streams.begin((subscription) => {
      ros.callOnConnection({ op: 'unsubscribe', topic: subscription.topic } as RosbridgeMessage);
      ros.callOnConnection(subscription.operation(version()) as RosbridgeMessage);
    });
  }

  /** Hot: each message passes here. */
  #receive(streams: Streams, stream: Stream, msg: unknown): void {
    const { clock, counters, version } = this.#options;
    const receivedNs = clock.nowNs();
    const { subscription } = stream;
    counters.framesIn++;
    if (streams === this.states) this.#silence.heard(receivedNs);
    streams.heard(stream, receivedNs);
    const { message, fault, met } = subscription.read(msg);
    if (met !== 0 && met !== version()) this.#misspelt(met);
    else if (met !== 0 && this.#options.complaints.any) this.#options.complaints.clear(DIALECT);
    if (fault === null) this.#options.onMessage(subscription, message, receivedNs);
    else this.malformed(subscription.topic, `${subscription.topic}: ${fault.field} is ${fault.seen}`, fault.allowed);
  }

  malformed(key: string, seen: string, allowed: string): void {
    this.#options.counters.malformed++;
    this.#options.complaints.say('RA_MESSAGE_MALFORMED', key, { seen, allowed });
  }

  /** What we read is respelt, but what we write would be misread, without a word: the robot would not move. */
  #misspelt(met: RosVersion): void {
    const { complaints, url, version } = this.#options;
    complaints.raise('RA_CONFIG_INVALID', DIALECT, {
      seen: `bridge.ros_version: ${version()}, but ${url} spells times as ROS ${met}`,
      allowed: `bridge.ros_version: ${met}`,
    });
  }

  #watch(): void {
    const nowNs = this.#options.clock.nowNs();
    const silentNs = this.#silence.tooLong(nowNs);
    if (silentNs > 0 && this.states.up) {
      this.#silence.restart();
      this.states.end();
      this.#options.onDead(`no message for ${seconds(silentNs)}, although the server answers`);
    }
    this.states.look(nowNs);
    this.bulky.look(nowNs);
  }

  #silent(stream: Stream, silentNs: number): void {
    const { silenceMs, onSilent } = this.#options;
    const { topic } = stream.subscription;
    const since = silentNs > 0 ? seconds(silentNs) : `${seconds(silenceMs * 1e6)} since it was subscribed`;
    onSilent(stream.subscription, () => (stream.isSilent ? `${topic}: no message for ${since}` : ''));
  }

  close(): void {
    clearInterval(this.#watching);
  }
}

const seconds = (ns: number) => `${(ns / 1e9).toFixed(1)} s`;
