import type { ServerResponse } from 'node:http';

/** Events kept for a browser that does not read; more are dropped, oldest first. */
const MAX_EVENTS = 50;

/**
 * One open page, as server-sent events. While the browser does not take what was written, only the newest picture waits,
 * and the last events: it misses pictures, never the end, and holds no more memory than one write and those.
 */
export class PageStream {
  readonly #response: ServerResponse;
  #picture = '';
  #events: string[] = [];

  constructor(response: ServerResponse) {
    this.#response = response;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    // Without it the browser would wait for the first byte before it knows that it is connected.
    response.write(': reflexarc\n\n');
    response.on('drain', () => this.#send());
    response.on('error', () => {});
  }

  /** `data` is JSON on one line. */
  picture(data: string): void {
    this.#picture = `event: telemetry\ndata: ${data}\n\n`;
    this.#send();
  }

  event(data: string): void {
    this.#events.push(`event: event\ndata: ${data}\n\n`);
    if (this.#events.length > MAX_EVENTS) this.#events.shift();
    this.#send();
  }

  get unsentBytes(): number {
    return this.#response.writableLength + this.#picture.length + this.#events.reduce((n, e) => n + e.length, 0);
  }

  #send(): void {
    if (this.#response.writableNeedDrain || this.#response.destroyed) return;
    const text = this.#events.join('') + this.#picture;
    if (text === '') return;
    this.#events = [];
    this.#picture = '';
    this.#response.write(text);
  }

  end(): void {
    this.#response.end();
  }
}
