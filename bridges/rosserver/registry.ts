/** Topics and services that exist: who publishes what as which type, and the latched last messages. */
export type Handler = (message: unknown, client: { id: number }) => void;
export type ServiceHandler = (args: unknown) => unknown | Promise<unknown>;

export interface TopicEntry {
  readonly topic: string;
  type: string;
  /** Serialised last message of a latched topic. */
  latched: string | null;
  readonly handlers: Handler[];
}

/** `pkg/Type` and `pkg/msg/Type` name the same type; the long spelling is kept. */
export function longType(type: string, kind: 'msg' | 'srv' = 'msg'): string {
  const parts = type.split('/');
  return parts.length === 2 ? `${parts[0]}/${kind}/${parts[1]}` : type;
}

export class Registry {
  readonly topics = new Map<string, TopicEntry>();
  readonly services = new Map<string, { type: string; handler: ServiceHandler }>();
  readonly #maxTopics: number;

  constructor(maxTopics = 1000) {
    this.#maxTopics = maxTopics;
  }

  /** The entry of a topic, made if new. A string says why not: another type, or too many topics. */
  topic(topic: string, type: string): TopicEntry | string {
    const found = this.topics.get(topic);
    if (found !== undefined) {
      if (type !== '' && found.type !== '' && found.type !== longType(type))
        return `topic ${topic} is ${found.type}, not ${longType(type)}`;
      if (found.type === '') found.type = longType(type);
      return found;
    }
    if (this.topics.size >= this.#maxTopics) return `no more than ${this.#maxTopics} topics`;
    const entry: TopicEntry = { topic, type: type === '' ? '' : longType(type), latched: null, handlers: [] };
    this.topics.set(topic, entry);
    return entry;
  }
}
