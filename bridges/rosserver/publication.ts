/** A leading slash, whatever the client wrote: `chatter` and `/chatter` name the same topic (or service). */
export function globalName(name: string): string {
  return name.startsWith('/') ? name : `/${name}`;
}

/** `pkg/Type` and `pkg/msg/Type` name the same type; the long spelling is kept. */
export function longType(type: string, kind: 'msg' | 'srv' = 'msg'): string {
  const parts = type.split('/');
  return parts.length === 2 ? `${parts[0]}/${kind}/${parts[1]}` : type;
}

/**
 * One message on its way to the subscribers of a topic. The message is serialised once, at the first who wants it; each
 * client gets the topic's name as it wrote it, since client libraries find their listener by it. NaN and infinities go
 * out as `null`, as rosbridge sends them.
 */
export class Publication {
  readonly topic: string;
  readonly #message: unknown;
  #body: string | null = null;
  #bytes: Buffer | null = null;

  constructor(topic: string, message: unknown) {
    this.topic = topic;
    this.#message = message;
  }

  /** The whole operation as UTF-8 JSON. `spelling`: the topic's name as the receiver knows it. */
  bytes(spelling: string): Buffer {
    this.#body ??= JSON.stringify(this.#message) ?? 'null';
    if (spelling !== this.topic) return operation(spelling, this.#body);
    this.#bytes ??= operation(spelling, this.#body);
    return this.#bytes;
  }
}

const operation = (topic: string, body: string) =>
  Buffer.from(`{"op":"publish","topic":${JSON.stringify(topic)},"msg":${body}}`);
