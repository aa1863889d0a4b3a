import { ReflexArcError } from '../../src/core/errors.ts';
import type { ServiceCalls } from './calls.ts';
import type { Complaints } from './complaints.ts';
import { type RosVersion, spellType } from './dialect.ts';
import { listenersOf } from './listeners.ts';

/** What the config says of a topic, or we of one or a service of ours. */
export interface Expected {
  /** Or of the service. */
  topic: string;
  /** Long spelling. */
  type: string;
  /** What others do there. `follows`: what the robot must hear. `listens`: what others may. `serves`: a service that we offer. */
  role: 'publishes' | 'follows' | 'listens' | 'serves';
  /** What to say when its type is right and it has a publisher, and it was silent all the same; empty once it speaks. */
  silence?(): string;
}

/** A topic and its type, as configs and codecs name them. */
type Named = Pick<Expected, 'topic' | 'type'>;
/** `optional`: of use to some robots, and heard by nobody at others. */
type Said = Named & { readonly optional?: boolean };

/** What a client expects of the other side: `heard` is what it subscribes, `said` what it or others of us say there. */
export function expectedOf(heard: readonly Named[], said: readonly Said[]): Expected[] {
  return [
    // Others seldom publish what we say; that we hear our own commands is no state of the robot.
    ...heard
      .filter((one) => !said.some(({ topic }) => topic === one.topic))
      .map(({ topic, type }) => ({ topic, type, role: 'publishes' }) as const),
    ...said.map(({ topic, type, optional }) => ({ topic, type, role: optional ? 'listens' : 'follows' }) as const),
  ];
}

const ASK_MS = 2000;

/**
 * What rosapi knows, asked in the server's dialect. A ROS bridge answers a wrong type or a wrong name with silence; this
 * is the only way to hear of it.
 */
export class Rosapi {
  readonly #calls: ServiceCalls;
  readonly #url: string;
  readonly #complaints: Complaints;
  /** False when the last verification got no answer. */
  answers = true;
  /** Topics whose listeners were told before anybody was known to publish there. */
  readonly #early = new Set<string>();

  constructor(calls: ServiceCalls, url: string, complaints: Complaints) {
    this.#calls = calls;
    this.#url = url;
    this.#complaints = complaints;
  }

  /**
   * The dialect, by how the server spells the time; 0 when rosapi does not answer.
   * @throws ReflexArcError RA_SERVICE_FAILED, RA_SERVICE_TIMEOUT
   */
  async version(): Promise<RosVersion | 0> {
    const { time } = (await this.#ask('get_time', 'GetTime', {}, 2)) as { time?: object };
    if (time === undefined || time === null) return 0;
    if ('secs' in time) return 1;
    return 'sec' in time ? 2 : 0;
  }

  /**
   * Compares what the config says with what the server knows; each difference stands until it is gone. Returns what is
   * not as it should be: ask again later.
   */
  async verify(expected: readonly Expected[], version: RosVersion): Promise<Expected[]> {
    const wrong: Expected[] = [];
    try {
      const met = await this.version();
      if (met === version) this.#complaints.clear(DIALECT);
      else if (met !== 0) {
        const seen = `bridge.ros_version: ${version}, but ${this.#url} spells times as ROS ${met}`;
        this.#complaints.raise('RA_CONFIG_INVALID', DIALECT, { seen, allowed: `bridge.ros_version: ${met}` });
      }
      for (const one of expected) if (!(await this.#isRight(one, version))) wrong.push(one);
      this.answers = true;
      this.#complaints.clear(ROSAPI);
      return wrong;
    } catch (error) {
      for (const { topic, silence } of expected) this.#stillSilent(topic, silence?.() ?? '');
      // That a connection ended is said by itself.
      if (!this.#calls.connected) return [...expected];
      this.answers = false;
      this.#raise(
        'RA_TOPIC_SILENT',
        ROSAPI,
        `rosapi of ${this.#url} does not answer, topics are not verified: ${(error as ReflexArcError).seen}`,
      );
      return [...expected];
    }
  }

  /** False when it is of another type, or nobody publishes what we want to hear. */
  async #isRight({ topic, type, role, silence }: Expected, version: RosVersion): Promise<boolean> {
    const kind = role === 'serves' ? 'srv' : 'msg';
    const { type: met } = (await (role === 'serves'
      ? this.#ask('service_type', 'ServiceType', { service: topic }, version)
      : this.#ask('topic_type', 'TopicType', { topic }, version))) as { type?: unknown };
    const otherwise = typeof met === 'string' && met !== '' && spellType(met, 2, kind) !== spellType(type, 2, kind);
    if (otherwise) {
      const seen = `${topic} is ${met}, the config says ${spellType(type, version, kind)}`;
      this.#raise('RA_TOPIC_TYPE', typeOf(topic), seen);
      return false;
    }
    this.#complaints.clear(typeOf(topic));
    if (role === 'follows') return this.#isHeard(topic, type, version);
    if (role !== 'publishes') return true;
    // Our own subscription gives a topic its type too: only its publishers tell that it is there.
    const { publishers } = await this.#ask('publishers', 'Publishers', { topic }, version).catch(() => ({}) as never);
    if (!Array.isArray(publishers) || publishers.length > 0) {
      const silent = silence?.() ?? '';
      if (silent === '') this.#complaints.clear(topic);
      else this.#stillSilent(topic, silent);
      return true;
    }
    const seen = `${topic} is published by nobody; the config says ${spellType(type, version)}`;
    this.#raise('RA_TOPIC_SILENT', topic, seen);
    return false;
  }

  /** The server takes what we publish, whether anybody hears it or not. */
  async #isHeard(topic: string, type: string, version: RosVersion): Promise<boolean> {
    const told = await listenersOf(topic, (service, srv, args) => this.#ask(service, srv, args, version));
    const about = listenersTo(topic);
    // Who does not tell has not said that it is well, either.
    if (told === null) return !this.#complaints.standing.some((fault) => fault.about === about);
    const { missing, published } = told;
    if (missing !== '') {
      const seen = `${topic} is heard by ${missing}; the config says ${spellType(type, version)}`;
      this.#raise('RA_TOPIC_SILENT', about, seen);
      return false;
    }
    // Until the server knows us by our own word there, it may be one of us that it tells of: asked once more.
    if (!published && !this.#early.has(topic)) {
      this.#early.add(topic);
      return false;
    }
    this.#early.delete(topic);
    this.#complaints.clear(about);
    return true;
  }

  #stillSilent(topic: string, seen: string): void {
    if (seen !== '') this.#raise('RA_TOPIC_SILENT', topic, seen);
  }

  /**
   * Whether the server has this message type (long spelling). It says nothing to who advertises another, and complains in
   * its own log at every message. Where rosapi does not answer it is taken to have it.
   */
  async knows(type: string, version: RosVersion): Promise<boolean> {
    if ((await this.version().catch(() => 0)) === 0) return true;
    const spelt = spellType(type, version);
    const { typedefs } = await this.#ask('message_details', 'MessageDetails', { type: spelt }, version).catch(
      () => ({ typedefs: [] }) as Record<string, unknown>,
    );
    return !Array.isArray(typedefs) || typedefs.length > 0;
  }

  /**
   * The server's texts of the definitions of these topics, by type in long spelling.
   * @throws ReflexArcError RA_SERVICE_FAILED, RA_SERVICE_TIMEOUT
   */
  async definitions(version: RosVersion): Promise<Map<string, string>> {
    const answer = (await this.#ask('topics_and_raw_types', 'TopicsAndRawTypes', {}, version)) as {
      types?: unknown;
      typedefs_full_text?: unknown;
    };
    const types = Array.isArray(answer?.types) ? answer.types : [];
    const texts = Array.isArray(answer?.typedefs_full_text) ? answer.typedefs_full_text : [];
    return new Map(types.map((type, i) => [spellType(String(type), 2), String(texts[i] ?? '')]));
  }

  async #ask(service: string, type: string, args: object, version: RosVersion): Promise<Record<string, unknown>> {
    const spelt = version === 1 ? `rosapi/${type}` : `rosapi_msgs/srv/${type}`;
    const values = await this.#calls.ask(`/rosapi/${service}`, spelt, args, ASK_MS);
    if (typeof values === 'object' && values !== null) return values as Record<string, unknown>;
    throw new ReflexArcError('RA_SERVICE_FAILED', { seen: `/rosapi/${service}: ${String(values)}`, allowed: 'values' });
  }

  #raise(code: 'RA_TOPIC_TYPE' | 'RA_TOPIC_SILENT', about: string, seen: string): void {
    this.#complaints.raise(code, about, { seen, allowed: ALLOWED[code] });
  }
}

/** What complaints are about, besides topics themselves. */
export const DIALECT = 'dialect';
const ROSAPI = 'rosapi';
const typeOf = (topic: string) => `type of ${topic}`;
const listenersTo = (topic: string) => `listeners to ${topic}`;

export const ALLOWED = {
  RA_TOPIC_TYPE: 'the type of the config',
  RA_TOPIC_SILENT: 'somebody on the other end',
} as const;
