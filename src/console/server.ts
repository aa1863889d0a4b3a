import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { wallNs } from '../core/clock.ts';
import { ReflexArcError } from '../core/errors.ts';
import type { LadderTransition, OperatorRequest } from '../core/signals.ts';
import { type LadderPage, readLadderPage } from './ladder-page.ts';
import { consolePage } from './page.ts';
import { foreignHost, readRequest } from './request.ts';
import { PageStream } from './stream.ts';
import type { ConsoleTelemetry } from './telemetry.ts';

export type { ConsoleTelemetry } from './telemetry.ts';

export interface ConsoleOptions {
  /** Loopback unless the operator says otherwise: there is no password. */
  host: string;
  /** 0 takes a free one. */
  port: number;
  title: string;
}

export interface Answer {
  accepted: boolean;
  reason: string;
}

const KEPT_EVENTS = 50;
const MAX_STREAMS = 16;
const MAX_CONNECTIONS = 64;

/** Paths and the one method that each takes. */
const ROUTES: Readonly<Record<string, 'GET' | 'POST'>> = {
  '/': 'GET',
  '/ladder': 'GET',
  '/healthz': 'GET',
  '/api/state': 'GET',
  '/api/stream': 'GET',
  '/api/request': 'POST',
};

const HEADERS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
} as const;

/**
 * The operator's page: one document, a stream of telemetry, and requests that the reflex decides. It may be slow or gone
 * without the robot noticing; nothing here waits for a browser.
 */
export class ConsoleServer {
  readonly #options: ConsoleOptions;
  readonly #server: Server;
  readonly #streams = new Set<PageStream>();
  /** JSON of the last events, oldest first. */
  readonly #events: string[] = [];
  readonly #page: { html: string; policy: string };
  /** Or why there is none: a page to play with must not keep the console from starting. */
  readonly #ladder: LadderPage | string;
  #latest: ConsoleTelemetry | null = null;
  #ask: (request: OperatorRequest) => Promise<Answer> = async () => ({ accepted: false, reason: 'not ready' });

  constructor(options: ConsoleOptions) {
    this.#options = options;
    this.#page = consolePage(options.title);
    this.#ladder = ladderOrWhyNot();
    this.#server = createServer({ headersTimeout: 5_000, requestTimeout: 10_000 }, (request, response) => {
      this.#route(request, response).catch(() => response.destroy());
    });
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /** @throws ReflexArcError RA_PORT_IN_USE when the address cannot be had */
  async listen(): Promise<{ url: string }> {
    const { host, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      const failed = (cause: NodeJS.ErrnoException) => {
        const seen = `${host}:${port}: ${cause.code}`;
        reject(new ReflexArcError('RA_PORT_IN_USE', { seen, allowed: 'a free port of this host', cause }));
      };
      this.#server.once('error', failed);
      this.#server.listen(port, host, () => {
        this.#server.off('error', failed);
        this.#server.on('error', () => {});
        resolve();
      });
    });
    const name = host.includes(':') ? `[${host}]` : host;
    return { url: `http://${name}:${(this.#server.address() as { port: number }).port}` };
  }

  /** The newest telemetry; null before the first. */
  get snapshot(): ConsoleTelemetry | null {
    return this.#latest;
  }

  /** Waiting for browsers that do not read, bytes: bounded. */
  get unsentBytes(): number {
    let bytes = 0;
    for (const stream of this.#streams) bytes += stream.unsentBytes;
    return bytes;
  }

  /** What to do when an operator asks for something. */
  onRequest(ask: (request: OperatorRequest) => Promise<Answer>): void {
    this.#ask = ask;
  }

  /** Meant for 20 Hz. NaN and infinities reach the page as null, which it shows as not known. */
  pushTelemetry(telemetry: ConsoleTelemetry): void {
    this.#latest = telemetry;
    if (this.#streams.size === 0) return;
    const data = JSON.stringify(telemetry);
    for (const stream of this.#streams) stream.picture(data);
  }

  pushEvent(event: LadderTransition | { text: string }): void {
    const data = JSON.stringify({ ...event, wall: new Date(wallNs() / 1e6).toISOString() });
    this.#events.push(data);
    if (this.#events.length > KEPT_EVENTS) this.#events.shift();
    for (const stream of this.#streams) stream.event(data);
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    const path = (request.url ?? '/').split('?')[0]!;
    const method = Object.hasOwn(ROUTES, path) ? ROUTES[path] : undefined;
    const foreign = foreignHost(request, this.#options.host);
    if (foreign !== null) return refuse(response, foreign.status, foreign.reason);
    if (method === undefined) return refuse(response, 404, `${path} is not served here`);
    if (request.method !== method) {
      response.setHeader('allow', method);
      return refuse(response, 405, `${path} takes ${method}`);
    }
    switch (path) {
      case '/':
        response.setHeader('content-security-policy', this.#page.policy);
        return send(response, 200, this.#page.html, 'text/html; charset=utf-8');
      case '/ladder':
        if (typeof this.#ladder === 'string') return refuse(response, 503, this.#ladder);
        response.setHeader('content-security-policy', this.#ladder.policy);
        return send(response, 200, this.#ladder.html, 'text/html; charset=utf-8');
      case '/healthz':
        return send(response, 200, 'OK\n', 'text/plain');
      case '/api/state':
        return send(response, 200, this.#state(), 'application/json');
      case '/api/stream':
        return this.#stream(response);
      default:
        return this.#request(request, response);
    }
  }

  #state(): string {
    return `{"telemetry":${JSON.stringify(this.#latest)},"events":[${this.#events.join(',')}]}`;
  }

  #stream(response: ServerResponse): void {
    if (this.#streams.size >= MAX_STREAMS) {
      refuse(response, 503, `no more than ${MAX_STREAMS} pages at once`);
      return;
    }
    const stream = new PageStream(response);
    this.#streams.add(stream);
    response.on('close', () => this.#streams.delete(stream));
    for (const event of this.#events) stream.event(event);
    if (this.#latest !== null) stream.picture(JSON.stringify(this.#latest));
  }

  async #request(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = await readRequest(request);
    if ('status' in asked) return refuse(response, asked.status, asked.reason);
    try {
      const { accepted, reason } = await this.#ask(asked);
      send(response, 200, JSON.stringify({ accepted, reason }), 'application/json');
    } catch (error) {
      refuse(response, 502, (error as Error).message);
    }
  }

  async close(): Promise<void> {
    for (const stream of this.#streams) stream.end();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }
}

function ladderOrWhyNot(): LadderPage | string {
  try {
    return readLadderPage();
  } catch (error) {
    return (error as Error).message;
  }
}

function refuse(response: ServerResponse, status: number, reason: string): void {
  // What is left of a body that was not read must not be taken for the next request.
  response.setHeader('connection', 'close');
  send(response, status, JSON.stringify({ accepted: false, reason }), 'application/json');
}

function send(response: ServerResponse, status: number, text: string, type: string): void {
  response.writeHead(status, { 'content-type': type });
  response.end(text);
}
