import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { hasRoom } from '../core/whole-file.ts';
import type { EpisodeFolder } from './episode-folder.ts';
import {
  decode,
  encode,
  MAX_MESSAGE_BYTES,
  type Message,
  type MessageOf,
  NOT_KEPT,
  PROTOCOL,
  type Verdict,
} from './protocol.ts';

export interface LearnerLinkOptions {
  url: string;
  token: string;
  /** What we are, at every connection. */
  hello(): Omit<MessageOf<'hello'>, 'kind' | 'protocol' | 'waiting'>;
  /** Episodes that the learner has not acknowledged. */
  spool: EpisodeFolder;
  /** Episodes that the learner cannot read are put here. */
  rejected: string;
  onWelcome(welcome: MessageOf<'welcome'>): void;
  onWeights(weights: MessageOf<'weights'>): void;
  /** It is there, or why it is not. */
  onLink(up: boolean, why: string): void;
  /** What a person should know, once. */
  say?(text: string): void;
  /** After a connection that broke, the next so much later; 500. */
  retryMs?: number;
}

const RETRY_MS = 500;
/** Who refuses us is asked again, since its config may be mended, but not at once; who keeps no episode, less and less often. */
const REFUSED_MS = 10_000;
/** The learner pings every five seconds, and may learn for some more before it looks up. */
const SILENCE_MS = 40_000;

/**
 * The actor's side of the protocol. One episode is under way at a time, and leaves the spool when it is acknowledged: what the learner has
 * not said it has comes again, after either side was killed too. Nothing waits for the learner; without one, the spool fills.
 */
export class LearnerLink {
  up = false;
  /** Episodes that were acknowledged, that were rejected, of those the ones that could not be put aside; times that the learner could not keep one. */
  readonly counts = { acknowledged: 0, rejected: 0, lost: 0, notKept: 0 };
  readonly #options: LearnerLinkOptions;
  #socket: WebSocket | null = null;
  #sending = '';
  #refused = '';
  #closed = false;
  #told = '';
  /** Longer, while the learner keeps no episode. */
  #waitMs: number;
  #retry: NodeJS.Timeout | null = null;
  #silence: NodeJS.Timeout | null = null;

  constructor(options: LearnerLinkOptions) {
    this.#options = options;
    this.#waitMs = this.#retryMs;
    this.#connect();
  }

  get #retryMs(): number {
    return this.#options.retryMs ?? RETRY_MS;
  }

  /** There may be something in the spool. */
  kick(): void {
    if (!this.up || this.#sending !== '') return;
    const episode = this.#options.spool.from(0);
    if (episode === null) return;
    this.#sending = episode.id;
    this.#socket?.send(episode.read());
  }

  /** Lost where the learner is away: it hears the version in use when it is back. */
  verdict(version: number, verdict: Verdict, why: string): void {
    if (this.up) this.#send({ kind: 'verdict', version, verdict, why });
  }

  close(): void {
    this.#closed = true;
    if (this.#retry) clearTimeout(this.#retry);
    this.#socket?.terminate();
  }

  #send(message: Message): void {
    this.#socket?.send(encode(message));
  }

  #connect(): void {
    const { url, token, hello, spool } = this.#options;
    const socket = new WebSocket(url, PROTOCOL, {
      ...{ headers: { authorization: `Bearer ${token}` }, perMessageDeflate: false },
      ...{ maxPayload: MAX_MESSAGE_BYTES, handshakeTimeout: 5000 },
    });
    this.#socket = socket;
    this.#refused = '';
    let why = '';
    socket.on('open', () => this.#send({ kind: 'hello', protocol: PROTOCOL, ...hello(), waiting: spool.size }));
    socket.on('ping', () => this.#heard());
    socket.on('error', (error) => {
      why = error.message;
    });
    socket.on('unexpected-response', (_request, response) => {
      why = response.statusCode === 401 ? 'it does not take our token' : `it answers ${response.statusCode}`;
      socket.terminate();
    });
    socket.on('close', (code, reason) => {
      if (this.#silence) clearTimeout(this.#silence);
      this.#sending = '';
      if (code === NOT_KEPT) {
        this.counts.notKept++;
        this.#waitMs = Math.min(REFUSED_MS, 2 * this.#waitMs);
      }
      this.#tell(false, this.#refused || why || reason.toString() || 'the connection has ended');
      if (this.#closed) return;
      this.#retry = setTimeout(() => this.#connect(), this.#refused === '' ? this.#waitMs : REFUSED_MS);
    });
    socket.on('message', (data) => {
      this.#heard();
      try {
        this.#on(decode(Buffer.isBuffer(data) ? data : Buffer.concat(data as Buffer[])));
      } catch (error) {
        why = (error as Error).message;
        socket.terminate();
      }
    });
  }

  #on(message: Message): void {
    const { onWelcome, onWeights, spool } = this.#options;
    switch (message.kind) {
      case 'welcome':
        // One that keeps nothing is no news until it does.
        if (this.#waitMs === this.#retryMs) this.#tell(true, '');
        this.up = true;
        onWelcome(message);
        this.kick();
        return;
      case 'refused':
        this.#refused = message.why;
        return;
      case 'rejected': {
        const episode = spool.from(0);
        if (episode?.id !== message.id) return;
        this.counts.rejected++;
        this.#putAside(episode);
        this.#done(message.id);
        return;
      }
      case 'ack':
        this.counts.acknowledged++;
        this.#waitMs = this.#retryMs;
        this.#tell(true, '');
        this.#done(message.id);
        return;
      case 'weights':
        onWeights(message);
        return;
    }
  }

  /** For a person to look at. Where that cannot be, it goes all the same: kept, it would be rejected for ever. */
  #putAside(episode: { id: string; read(): Uint8Array }): void {
    const { rejected, say } = this.#options;
    const file = join(rejected, `${episode.id}.cbor`);
    let why = 'the disk is full';
    try {
      mkdirSync(rejected, { recursive: true });
      if (hasRoom(() => writeFileSync(file, episode.read()))) return;
      // What was begun of it tells nobody anything.
      rmSync(file, { force: true });
    } catch (error) {
      why = (error as Error).message;
    }
    if (this.counts.lost++ === 0) say?.(`rejected episodes cannot be put aside, and are let go: ${why}`);
  }

  #done(id: string): void {
    this.#options.spool.remove(id);
    if (id !== this.#sending) return;
    this.#sending = '';
    this.kick();
  }

  #heard(): void {
    if (this.#silence) clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#socket?.terminate(), SILENCE_MS);
    this.#silence.unref();
  }

  #tell(up: boolean, why: string): void {
    this.up = up;
    const told = `${up} ${why}`;
    if (told === this.#told) return;
    this.#told = told;
    this.#options.onLink(up, why);
  }
}
