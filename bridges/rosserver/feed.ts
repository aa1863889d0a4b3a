import { ENCODINGS, type Encoding, type Packet, type Publication } from './publication.ts';

/** Queues are counted in messages by who asks for them, and in bytes by us: a thousand images are not a thousand numbers. */
export interface Waiting {
  bytes: number;
  /** Beyond, the oldest give way. A single message may be larger: it waits alone. */
  readonly limitBytes: number;
}

/** The way to one client. */
export interface Outlet {
  /** True while the operating system takes all that is written. */
  readonly clear: boolean;
  /** `fragmentSize`: cut text that is longer, in characters; 0: never. */
  send(packet: Packet, fragmentSize: number): void;
  /** Of what waits for this client, over all its feeds. */
  readonly waiting: Waiting;
  /** Calls `feed.flush` as soon as the way is clear again. */
  whenClear(feed: Feed): void;
  nowNs(): number;
}

export interface Wish {
  /** Smallest time between two messages, ns. */
  throttleNs: number;
  /** 0: what cannot go out now is buffered up to the client's limit; n: the n newest wait, older ones are dropped. */
  queueLength: number;
  encoding: Encoding;
  /** Characters; 0: not fragmented. */
  fragmentSize: number;
}

/**
 * What one client wants of one topic. Several subscriptions of a client to a topic are one feed, as rosbridge has it: one
 * copy of each message, at the smallest throttle, the shortest queue and the smallest fragments of them, and in the
 * encoding of theirs that comes last in ENCODINGS.
 */
export class Feed {
  /** The topic's name as this client writes it. */
  readonly spelling: string;
  /** Messages that gave way to newer ones because the client was slow. */
  dropped = 0;
  readonly #outlet: Outlet;
  readonly #wishes = new Map<string, Wish>();
  readonly #waiting: Packet[] = [];
  #wish: Wish = { throttleNs: 0, queueLength: 0, encoding: 'none', fragmentSize: 0 };
  #sentNs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;

  constructor(spelling: string, outlet: Outlet) {
    this.spelling = spelling;
    this.#outlet = outlet;
  }

  /** Adds a subscription, or replaces the one with the same id. */
  subscribe(id: string, wish: Wish): void {
    this.#wishes.set(id, wish);
    this.#settle();
  }

  /** Removes a subscription, or all of them without an id. True when none is left. */
  unsubscribe(id: string | undefined): boolean {
    if (id === undefined) this.#wishes.clear();
    else this.#wishes.delete(id);
    if (this.#wishes.size === 0) this.close();
    else this.#settle();
    return this.#wishes.size === 0;
  }

  get subscriptions(): number {
    return this.#wishes.size;
  }

  #settle(): void {
    const wishes = [...this.#wishes.values()];
    const sizes = wishes.map((w) => w.fragmentSize).filter((size) => size > 0);
    this.#wish = {
      throttleNs: Math.min(...wishes.map((w) => w.throttleNs)),
      queueLength: Math.min(...wishes.map((w) => w.queueLength)),
      encoding: ENCODINGS[Math.max(...wishes.map((w) => ENCODINGS.indexOf(w.encoding)))]!,
      fragmentSize: sizes.length === 0 ? 0 : Math.min(...sizes),
    };
  }

  /** @throws what `Publication.packet` throws */
  offer(publication: Publication, nowNs: number): void {
    const { throttleNs, queueLength, encoding } = this.#wish;
    const due = nowNs - this.#sentNs >= throttleNs;
    if (queueLength === 0) {
      if (due) this.#send(publication.packet(this.spelling, encoding), nowNs);
      return;
    }
    const { clear } = this.#outlet;
    if (due && clear && this.#waiting.length === 0) {
      this.#send(publication.packet(this.spelling, encoding), nowNs);
      return;
    }
    const packet = publication.packet(this.spelling, encoding);
    this.#waiting.push(packet);
    const { waiting } = this.#outlet;
    waiting.bytes += packet.bytes.length;
    if (this.#waiting.length > queueLength) {
      this.#next();
      if (!clear) this.dropped++;
    }
    // The oldest of ours; where the others' alone are too many, this one.
    while (waiting.bytes > waiting.limitBytes && this.#waiting.length > 0) {
      if (waiting.bytes === this.#waiting[0]!.bytes.length) break;
      this.#next();
      this.dropped++;
    }
    this.#await(nowNs);
  }

  /** Sends what waits and is due, oldest first. */
  flush(): void {
    this.#timer = null;
    const nowNs = this.#outlet.nowNs();
    while (this.#waiting.length > 0 && this.#outlet.clear && nowNs - this.#sentNs >= this.#wish.throttleNs)
      this.#send(this.#next(), nowNs);
    this.#await(nowNs);
  }

  /** Takes the oldest out of the queue. */
  #next(): Packet {
    const packet = this.#waiting.shift()!;
    this.#outlet.waiting.bytes -= packet.bytes.length;
    return packet;
  }

  #send(packet: Packet, nowNs: number): void {
    this.#sentNs = nowNs;
    this.#outlet.send(packet, this.#wish.fragmentSize);
  }

  #await(nowNs: number): void {
    if (this.#waiting.length === 0 || this.#timer !== null) return;
    if (!this.#outlet.clear) this.#outlet.whenClear(this);
    else
      this.#timer = setTimeout(() => this.flush(), Math.max(0, (this.#sentNs + this.#wish.throttleNs - nowNs) / 1e6));
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    while (this.#waiting.length > 0) this.#next();
  }
}
