import type { WebSocket } from 'ws';

/** While so much is unsent, messages of channels wait: about a second of a small robot's topics, or one image. */
const CLEAR_BYTES = 64_000;
/** What waits over all channels, as on the ROS server; beyond, the oldest give way. A single message may be larger. */
const MAX_WAITING_BYTES = 8_000_000;
/** What is said about channels, calls and errors is never dropped; a client this far behind is let go instead. */
const MAX_UNSENT_BYTES = 4_000_000;
const BINARY = { binary: true };
const TEXT = { binary: false };

/**
 * The way to one client. Messages of channels go out at once while the client reads; else the newest of each channel
 * waits, and what it takes the place of is dropped and counted. So a slow client costs one message a channel, and no more
 * than 8 MB of them or one larger, gets a picture that is new when it reads again, and costs nobody else anything.
 */
export class Outbox {
  /** Messages that gave way to newer ones: of their channel, or of others where all together were too large. */
  dropped = 0;
  readonly #socket: WebSocket;
  readonly #stalled: () => void;
  /** By channel, oldest first. */
  readonly #waiting = new Map<number, Buffer>();
  #waitingBytes = 0;

  /** `stalled` is called when the client is too far behind to be kept. */
  constructor(socket: WebSocket, stalled: () => void) {
    this.#socket = socket;
    this.#stalled = stalled;
  }

  /** Messages that wait, and their bytes. */
  get waiting(): { messages: number; bytes: number } {
    return { messages: this.#waiting.size, bytes: this.#waitingBytes };
  }

  /** A message of a channel. */
  message(channelId: number, frame: Buffer): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#waiting.size === 0 && this.#socket.bufferedAmount <= CLEAR_BYTES) {
      this.#socket.send(frame, BINARY, this.#written);
      return;
    }
    if (this.#take(channelId)) this.dropped++;
    this.#waiting.set(channelId, frame);
    this.#waitingBytes += frame.length;
    for (const oldest of this.#waiting.keys()) {
      if (this.#waitingBytes <= MAX_WAITING_BYTES || this.#waiting.size === 1) return;
      this.#take(oldest);
      this.dropped++;
    }
  }

  /** Whatever somebody waits for or must know. */
  say(frame: string | Buffer): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount > MAX_UNSENT_BYTES) this.#stalled();
    else this.#socket.send(frame, typeof frame === 'string' ? TEXT : BINARY, this.#written);
  }

  /** Takes back what waits of a channel: nobody listens any longer. */
  forget(channelId: number): void {
    this.#take(channelId);
  }

  /** False when nothing of it waits. */
  #take(channelId: number): boolean {
    this.#waitingBytes -= this.#waiting.get(channelId)?.length ?? 0;
    return this.#waiting.delete(channelId);
  }

  /** Called for each frame once the operating system has it. */
  readonly #written = (): void => {
    for (const [channelId, frame] of this.#waiting) {
      if (this.#socket.readyState !== this.#socket.OPEN || this.#socket.bufferedAmount > CLEAR_BYTES) return;
      this.#take(channelId);
      this.#socket.send(frame, BINARY, this.#written);
    }
  };
}
