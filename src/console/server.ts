import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { z } from 'zod';
import { ReflexArcError } from '../core/errors.ts';
import type { LadderTransition, OperatorRequest } from '../core/signals.ts';
import { consolePage } from './page.ts';
import type { ConsoleTelemetry } from './telemetry.ts';

export type { ConsoleTelemetry } from './telemetry.ts';

export interface ConsoleOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  title: string;
}

type Answer = { accepted: boolean; reason: string };

const requestSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.enum(['arm', 'engage', 'disengage', 'disarm', 'stop', 'estop', 'estop_release']) }),
  z.strictObject({ kind: z.literal('reset'), incident: z.int().min(0) }),
  z.strictObject({ kind: z.enum(['residual_scale', 'speed_scale']), value: z.number().min(0).max(1) }),
]);

const MAX_BODY_BYTES = 4096;
const KEPT_EVENTS = 50;
const MAX_STREAMS = 16;
/** A browser that does not read gets no more than this; newest wins, so it only misses frames. */
const MAX_UNSENT_BYTES = 256 * 1024;

const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; img-src data:",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
} as const;

/** The operator's page: one document, a stream of telemetry, and requests that the reflex decides. */
export class ConsoleServer {
  readonly #options: ConsoleOptions;
  readonly #server: Server;
  readonly #streams = new Set<ServerResponse>();
  readonly #events: object[] = [];
  readonly #page: string;
  #latest: ConsoleTelemetry | null = null;
  #ask: (request: OperatorRequest) => Promise<Answer> = async () => ({ accepted: false, reason: 'not ready' });

  constructor(options: ConsoleOptions) {
    this.#options = options;
    this.#page = consolePage(options.title);
    this.#server = createServer((request, response) => {
      this.#route(request, response).catch(() => response.destroy());
    });
  }

  /** @throws ReflexArcError RA_PORT_IN_USE */
  async listen(): Promise<{ url: string }> {
    const { host, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (cause: NodeJS.ErrnoException) =>
        reject(
          new ReflexArcError('RA_PORT_IN_USE', {
            seen: `${host}:${port}: ${cause.code}`,
            allowed: 'a free port',
            cause,
          }),
        ),
      );
      this.#server.listen(port, host, resolve);
    });
    return { url: `http://${host}:${(this.#server.address() as { port: number }).port}` };
  }

  get snapshot(): ConsoleTelemetry | null {
    return this.#latest;
  }

  /** What to do when an operator asks for something. */
  onRequest(ask: (request: OperatorRequest) => Promise<Answer>): void {
    this.#ask = ask;
  }

  pushTelemetry(telemetry: ConsoleTelemetry): void {
    this.#latest = telemetry;
    this.#broadcast('telemetry', telemetry);
  }

  pushEvent(event: LadderTransition | { text: string }): void {
    const kept = { ...event, wall: new Date(Math.round(performance.timeOrigin + performance.now())).toISOString() };
    this.#events.push(kept);
    if (this.#events.length > KEPT_EVENTS) this.#events.shift();
    this.#broadcast('event', kept);
  }

  #broadcast(name: string, data: unknown): void {
    if (this.#streams.size === 0) return;
    const text = `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
    for (const stream of this.#streams) if (stream.writableLength < MAX_UNSENT_BYTES) stream.write(text);
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    const path = (request.url ?? '/').split('?')[0];
    if (request.method === 'GET' && path === '/')
      return this.#send(response, 200, this.#page, 'text/html; charset=utf-8');
    if (request.method === 'GET' && path === '/healthz') return this.#send(response, 200, 'OK\n', 'text/plain');
    if (request.method === 'GET' && path === '/api/state')
      return this.#json(response, 200, { telemetry: this.#latest, events: this.#events });
    if (request.method === 'GET' && path === '/api/stream') return this.#stream(request, response);
    if (request.method === 'POST' && path === '/api/request') return this.#request(request, response);
    return this.#json(response, 404, { reason: `${request.method} ${path} is not served here` });
  }

  #stream(request: IncomingMessage, response: ServerResponse): void {
    if (this.#streams.size >= MAX_STREAMS) {
      this.#json(response, 503, { reason: `no more than ${MAX_STREAMS} pages at once` });
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    this.#streams.add(response);
    request.on('close', () => this.#streams.delete(response));
    for (const event of this.#events) response.write(`event: event\ndata: ${JSON.stringify(event)}\n\n`);
    if (this.#latest) response.write(`event: telemetry\ndata: ${JSON.stringify(this.#latest)}\n\n`);
  }

  /** Another site's page in the operator's browser must not move the robot: JSON only, same origin only. */
  async #request(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { origin, host } = request.headers;
    if (origin !== undefined && origin !== `http://${host}`)
      return this.#json(response, 403, { accepted: false, reason: `origin ${origin} is not this console` });
    if (request.headers['content-type']?.split(';')[0] !== 'application/json')
      return this.#json(response, 415, { accepted: false, reason: 'content-type must be application/json' });
    let body = '';
    for await (const chunk of request) {
      body += chunk;
      if (body.length > MAX_BODY_BYTES)
        return this.#json(response, 413, { accepted: false, reason: `more than ${MAX_BODY_BYTES} bytes` });
    }
    let value: unknown;
    try {
      value = JSON.parse(body);
    } catch {
      return this.#json(response, 400, { accepted: false, reason: 'the body is not JSON' });
    }
    const parsed = requestSchema.safeParse(value);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      return this.#json(response, 400, { accepted: false, reason: `${issue?.path.join('.')}: ${issue?.message}` });
    }
    this.#json(response, 200, await this.#ask(parsed.data));
  }

  #json(response: ServerResponse, status: number, value: unknown): void {
    this.#send(response, status, JSON.stringify(value), 'application/json');
  }

  #send(response: ServerResponse, status: number, text: string, type: string): void {
    response.writeHead(status, { 'content-type': type });
    response.end(text);
  }

  async close(): Promise<void> {
    for (const stream of this.#streams) stream.end();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
