import type { BridgeConfig } from '../../src/core/bridge-schema.ts';
import type { ReflexArcError } from '../../src/core/errors.ts';
import type { CommandEncoder } from '../../src/core/signals.ts';
import type { ServiceCalls } from './calls.ts';
import type { Complaints } from './complaints.ts';
import type { RosVersion } from './dialect.ts';
import type { Subscription, TopicRef } from './subscription.ts';
import { ALLOWED, DIALECT, type Expected, expectedOf, Rosapi } from './verify.ts';

/** What is not as it should be is looked at again after so long; and rosapi, where the dialect hangs on it. */
const AGAIN_MS = 5000;
/** A server without one writes a line into its own log at each call. */
const WITHOUT_ROSAPI_MS = 30_000;
const DIALECT_AGAIN_MS = 500;

type Said = readonly (TopicRef & { readonly optional?: boolean })[];

/** What must be asked of the server at each connection, beside the stream of states: dialect, types, definitions. */
export class Survey {
  readonly #config: BridgeConfig;
  readonly #complaints: Complaints;
  readonly #rosapi: Rosapi;
  readonly #subscriptions: readonly Subscription[];
  readonly #encoder: CommandEncoder | null;
  /** What else is said to the robot, by others of us. */
  readonly #said: Said;
  #ours: readonly Expected[] = [];
  #timer: NodeJS.Timeout | null = null;
  /** Wakes what waits, when the client is closed. */
  #wake: () => void = () => {};
  /** Of the newest link; what an older one asked for is no longer wanted. */
  #round = 0;
  /** Not verified yet, or not as it should be. */
  #pending: Expected[] = [];
  #closed = false;

  constructor(
    config: BridgeConfig,
    calls: ServiceCalls,
    complaints: Complaints,
    subscriptions: readonly Subscription[],
    encoder: CommandEncoder | null,
    said: Said,
  ) {
    this.#said = said;
    this.#config = config;
    this.#complaints = complaints;
    this.#rosapi = new Rosapi(calls, config.url, complaints);
    this.#subscriptions = subscriptions;
    this.#encoder = encoder;
  }

  /** Asks until it is answered, or closed. */
  async dialect(): Promise<RosVersion> {
    while (!this.#closed) {
      const asked = await this.#rosapi.version().catch((error: ReflexArcError) => error.seen);
      if (asked === 1 || asked === 2) {
        this.#complaints.clear(DIALECT);
        return asked;
      }
      this.#complaints.raise('RA_CONFIG_INVALID', DIALECT, {
        seen: `bridge.ros_version: auto, but rosapi of ${this.#config.url} does not tell: ${asked || 'no time'}`,
        allowed: 'a server with rosapi, or bridge.ros_version: 1 or 2',
      });
      await this.#wait(DIALECT_AGAIN_MS);
    }
    return 2;
  }

  /** Whether the server has this message type. */
  knows(type: string, version: RosVersion): Promise<boolean> {
    return this.#rosapi.knows(type, version);
  }

  /** A new link is up. */
  begin(version: RosVersion): void {
    const round = ++this.#round;
    void this.#define(version);
    if (!this.#config.verify) return;
    const commands = this.#encoder === null ? [] : [this.#encoder, ...(this.#encoder.besides ?? [])];
    const said = [...commands, ...this.#said];
    this.#pending = expectedOf(this.#subscriptions, said);
    this.#pending.push(...this.#ours);
    void this.#verify(version, round);
  }

  /** Our place in the robot's graph, said anew: is something of it there already, and of another type? */
  graph(ours: readonly Expected[]): void {
    if (!this.#config.verify) return;
    this.#ours = ours;
    this.#pending = this.#pending.filter((e) => !ours.some(({ topic }) => topic === e.topic));
    this.#pending.push(...ours);
    this.#wake();
  }

  /** A topic has fallen silent: is it still what it was? `silence` says that it is, and nothing once it speaks again. */
  ask({ topic, type }: Subscription, silence: () => string): void {
    if (!this.#config.verify) {
      this.#complaints.raise('RA_TOPIC_SILENT', topic, { seen: silence(), allowed: ALLOWED.RA_TOPIC_SILENT });
      return;
    }
    this.#pending = this.#pending.filter((e) => e.topic !== topic);
    this.#pending.push({ topic, type, role: 'publishes', silence });
    this.#wake();
  }

  /** One that was silent speaks again: what else was said of it may be over too. */
  heard({ topic }: Subscription): void {
    this.#complaints.clear(topic);
    if (this.#pending.some((e) => e.topic === topic)) this.#wake();
  }

  async #verify(version: RosVersion, round: number): Promise<void> {
    while (round === this.#round && !this.#closed) {
      const asked = this.#pending.splice(0);
      const wrong = asked.length === 0 ? [] : await this.#rosapi.verify(asked, version);
      if (round !== this.#round) return;
      // What was brought in the meantime is newer, and is asked at once.
      const brought = this.#pending.length > 0;
      this.#pending.push(...wrong.filter((e) => !this.#pending.some(({ topic }) => topic === e.topic)));
      if (!brought) await this.#wait(this.#rosapi.answers ? AGAIN_MS : WITHOUT_ROSAPI_MS);
    }
  }

  /** The server's own definitions, for raw messages of types that we do not have. */
  async #define(version: RosVersion): Promise<void> {
    const lacking = this.#subscriptions.filter((s) => s.lacksDefinition);
    if (lacking.length === 0) return;
    try {
      const texts = await this.#rosapi.definitions(version);
      for (const subscription of lacking) subscription.define(version, texts.get(subscription.type));
    } catch (error) {
      this.#complaints.say('RA_MESSAGE_MALFORMED', 'definitions', {
        seen: `no definition of ${lacking.map((s) => s.type).join(', ')}: ${(error as Error).message}`,
        allowed: 'rosapi/topics_and_raw_types, or another compression than cbor-raw',
      });
    }
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      this.#timer = setTimeout(resolve, ms);
      this.#timer.unref();
    });
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#wake();
  }
}
