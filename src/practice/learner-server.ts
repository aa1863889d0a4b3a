import type { IncomingMessage } from 'node:http';
import type { WebSocket } from 'ws';
import { decodeCbor } from '../../bridges/messages/cbor.ts';
import { Listener, type TurnedAway } from '../../bridges/serving/listener.ts';
import { originOf } from '../../bridges/serving/origin.ts';
import { showsToken } from '../../bridges/serving/token.ts';
import { DiskRoom, hasRoom } from '../core/whole-file.ts';
import type { Sizes } from './episode.ts';
import type { PracticeLearner, PublishedWeights } from './practice-learner.ts';
import { decode, encode, MAX_MESSAGE_BYTES, type Message, type MessageOf, NOT_KEPT, PROTOCOL } from './protocol.ts';

export interface LearnerServerOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  token: string;
  config: string;
  sizes: Sizes;
  learner: PracticeLearner;
  /** What happened, for a person. */
  say(line: string): void;
}

/** An actor is pinged so often; after so many without an answer it is gone. Learning may keep us from looking for some seconds. */
const PING_MS = 5000;
const PATIENCE = 6;

/** The learner's side of the protocol: takes episodes, hands out weights. Pure of learning, which `PracticeLearner` does. */
export class LearnerServer {
  readonly #options: LearnerServerOptions;
  readonly #listener: Listener;
  readonly #actors = new Set<WebSocket>();
  readonly #disk: DiskRoom;
  /** The newest episode could be kept. While none can, an actor comes and goes with each, which is no news. */
  #keeps = true;

  constructor(options: LearnerServerOptions) {
    this.#options = options;
    this.#disk = new DiskRoom((_level, text) => options.say(text));
    const { host, port, token } = options;
    this.#listener = new Listener({
      ...{ host, port, maxMessageBytes: MAX_MESSAGE_BYTES, tls: null, protocols: [PROTOCOL] },
      about: { reflexarc: 'learner', protocol: PROTOCOL },
      door: (request) => this.#door(request, token),
      onSocket: (socket) => this.#serve(socket),
    });
  }

  listen(): Promise<{ host: string; port: number }> {
    return this.#listener.listen();
  }

  /** New weights, to everybody who is there. */
  publish({ version, sha256, bytes }: PublishedWeights): void {
    const { exploration } = this.#options.learner;
    for (const actor of this.#actors) actor.send(encode({ kind: 'weights', version, sha256, exploration, bytes }));
  }

  close(): Promise<void> {
    return this.#listener.close();
  }

  #door(request: IncomingMessage, token: string): TurnedAway | null {
    if (originOf(request.headers.origin, []) !== 'known') return { status: 403, why: 'no web pages here' };
    if (showsToken(request, token) !== true)
      return { status: 401, why: 'Authorization: Bearer <token> is missing or wrong' };
    if (request.headers['sec-websocket-protocol'] !== PROTOCOL) return { status: 400, why: `subprotocol ${PROTOCOL}` };
    return null;
  }

  #serve(socket: WebSocket): void {
    const { learner, say } = this.#options;
    const send = (message: Message) => socket.send(encode(message));
    let unanswered = 0;
    const pings = setInterval(() => {
      if (++unanswered > PATIENCE) socket.terminate();
      else socket.ping();
    }, PING_MS);
    socket.on('pong', () => {
      unanswered = 0;
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      clearInterval(pings);
      if (this.#actors.delete(socket) && this.#keeps)
        say(`the actor is gone; ${learner.episodes.next} episodes are here, and it may come back`);
    });
    const refuse = (why: string) => {
      say(`an actor is refused: ${why}`);
      send({ kind: 'refused', why });
      socket.close(1008);
    };
    socket.on('message', (data) => {
      unanswered = 0;
      const raw = Buffer.isBuffer(data) ? data : Buffer.concat(data as Buffer[]);
      let message: Message;
      try {
        message = decode(raw);
      } catch (error) {
        this.#unreadable(raw, error as Error, send, refuse);
        return;
      }
      if (message.kind === 'hello') {
        const why = this.#against(message);
        if (why !== '') return refuse(why);
        this.#actors.add(socket);
        if (this.#keeps)
          say(`an actor is here: version ${message.version} in use, ${message.waiting} episodes wait there`);
        const { run, steps, learned: episodes, exploration, published } = learner;
        send({ kind: 'welcome', protocol: PROTOCOL, run, steps, episodes, exploration });
        if (published && published.version > message.version) send({ kind: 'weights', exploration, ...published });
        return;
      }
      if (!this.#actors.has(socket)) return refuse(`${message.kind} before hello`);
      if (message.kind === 'episode') this.#take(message, raw, socket, send);
      else if (message.kind === 'verdict')
        say(`version ${message.version} ${message.verdict.replace('_', ' ')}${message.why && `: ${message.why}`}`);
    });
  }

  #take(episode: MessageOf<'episode'>, raw: Buffer, socket: WebSocket, send: (message: Message) => void): void {
    const { learner, say } = this.#options;
    try {
      // A disk that is full is no fault of the episode: it stays where it is, and comes again.
      const room = hasRoom(() => void learner.take(episode, raw));
      this.#keeps = this.#disk.seen('episodes', room, 'they wait at the actor');
      if (this.#keeps) send({ kind: 'ack', id: episode.id });
      else socket.close(NOT_KEPT, 'it has no room for episodes');
    } catch (error) {
      if (!(error instanceof RangeError)) {
        if (this.#keeps) say(`episode ${episode.id} could not be kept: ${(error as Error).message}`);
        this.#keeps = false;
        socket.close(NOT_KEPT, 'it cannot keep episodes');
        return;
      }
      say(`episode ${episode.id} is rejected: ${error.message}`);
      send({ kind: 'rejected', id: episode.id, why: error.message });
    }
  }

  /** An episode that cannot be read is put aside by who sent it, or it would come again for ever. */
  #unreadable(raw: Buffer, error: Error, send: (message: Message) => void, refuse: (why: string) => void): void {
    const id = idOf(raw);
    if (id === null) refuse(error.message);
    else send({ kind: 'rejected', id, why: error.message });
  }

  /** Why an actor cannot be learned from; empty where it can. */
  #against({ protocol, config, observation_size, action_size }: MessageOf<'hello'>): string {
    const { sizes } = this.#options;
    if (protocol !== PROTOCOL) return `it speaks ${protocol}, we speak ${PROTOCOL}`;
    if (observation_size !== sizes.observationSize || action_size !== sizes.actionSize)
      return `observations of ${observation_size} and actions of ${action_size} numbers; ours: ${sizes.observationSize} and ${sizes.actionSize}`;
    if (config !== this.#options.config)
      return 'its config is another: robot, task, safety, base and scale of the residual must be the same as ours';
    return '';
  }
}

/** Id of an episode whose other keys may be broken; null where there is none. */
function idOf(raw: Buffer): string | null {
  try {
    const value = decodeCbor(raw) as { kind?: unknown; id?: unknown } | null;
    return value?.kind === 'episode' && typeof value.id === 'string' ? value.id : null;
  } catch {
    return null;
  }
}
