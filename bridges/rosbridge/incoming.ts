import type { RosbridgeMessage } from 'roslib';
import { decodeCbor } from '../messages/cbor.ts';
import { parseExact, parseFrame } from '../messages/json.ts';
import { textOfPng } from '../messages/png.ts';
import { Fragments } from './fragments.ts';

export interface IncomingOptions {
  maxMessageBytes: number;
  /** Told of what came and was no operation. */
  onMalformed(why: string): void;
  /** True for a topic whose integers may be beyond ±2^53. */
  isExact(topic: string): boolean;
}

/** A picture may hold a fragment that holds a picture: deeper than this nobody packs in earnest. */
const MAX_PACKED = 4;
const BRACE = 0x7b;

/** The frames of one connection, unpacked (JSON, CBOR, fragments, PNG) into operations of the rosbridge protocol. */
export class Incoming {
  readonly #options: IncomingOptions;
  readonly #fragments: Fragments;
  readonly #carry: (operation: RosbridgeMessage) => void;

  /** `carry` may throw; that too is told as malformed. */
  constructor(options: IncomingOptions, carry: (operation: RosbridgeMessage) => void) {
    this.#options = options;
    this.#carry = carry;
    this.#fragments = new Fragments(options.maxMessageBytes, (why) => options.onMalformed(why));
  }

  /** Hot: one `JSON.parse` and one look at the operation for each frame. */
  frame(data: Buffer, binary: boolean): void {
    // JSON in a binary frame is allowed; no CBOR that is an operation begins with its brace.
    if (!binary || data[0] === BRACE) this.#text(data.toString('utf8'), 0);
    else this.#cbor(data);
  }

  /** To be called at an interval: what came in part only, and does not go on within `patience` of them, is given up. */
  look(patience: number): void {
    this.#fragments.look(patience);
  }

  #text(text: string, depth: number): void {
    let operations: unknown[];
    try {
      operations = parseFrame(text);
    } catch {
      this.#options.onMalformed(`no JSON: ${excerpt(text)}`);
      return;
    }
    if (operations.some((operation) => this.#mayBeInexact(operation))) operations = parseExact(text);
    for (const operation of operations) this.#operation(operation, () => excerpt(text), depth);
  }

  #mayBeInexact(operation: unknown): boolean {
    const { op, topic } = (operation ?? {}) as { op?: unknown; topic?: unknown };
    return op === 'publish' ? typeof topic === 'string' && this.#options.isExact(topic) : op === 'service_response';
  }

  #cbor(data: Buffer): void {
    let operation: unknown;
    try {
      operation = decodeCbor(data);
    } catch (error) {
      this.#options.onMalformed(`no CBOR: ${(error as Error).message}`);
      return;
    }
    this.#operation(operation, () => 'in CBOR', 0);
  }

  #operation(operation: unknown, shown: () => string, depth: number): void {
    if (!isOperation(operation)) {
      this.#options.onMalformed(`no operation: ${shown()}`);
      return;
    }
    const { op } = operation;
    if (op === 'fragment' || op === 'png') {
      if (depth >= MAX_PACKED) this.#options.onMalformed(`packed ${depth} times`);
      else if (op === 'png') this.#png(operation, depth);
      else {
        const whole = this.#fragments.join(operation as object);
        if (whole !== null) this.#text(whole, depth + 1);
      }
      return;
    }
    try {
      this.#carry(operation);
    } catch (error) {
      // roslib throws when an operation comes under a name on which its listeners expect another one.
      this.#options.onMalformed((error as Error).message.slice(0, 200));
    }
  }

  /** A large picture comes in parts of base64, by the rules of fragments. */
  #png(operation: { data?: unknown; num?: unknown; total?: unknown }, depth: number): void {
    const data = operation.num === undefined ? operation.data : this.#fragments.join(operation);
    if (data === null) return;
    let text: string;
    try {
      text = textOfPng(Buffer.from(String(data), 'base64'), this.#options.maxMessageBytes);
    } catch (error) {
      this.#options.onMalformed(`no picture of JSON: ${(error as Error).message}`);
      return;
    }
    this.#text(text, depth + 1);
  }
}

/** Has what roslib looks at without looking whether it is there. */
function isOperation(operation: unknown): operation is RosbridgeMessage {
  if (typeof operation !== 'object' || operation === null) return false;
  const { op, id } = operation as { op?: unknown; id?: unknown };
  return typeof op === 'string' && (op !== 'service_response' || typeof id === 'string');
}

const excerpt = (text: string) => (text.length > 60 ? `${text.slice(0, 60)}…` : text);
