import { connect, type Socket } from 'node:net';
import { BehaviorSubject, filter, firstValueFrom, Subject, timeout } from 'rxjs';
import { ReflexArcError } from '../core/errors.ts';
import type { LadderTransition, Mode, OperatorRequest, Takeover } from '../core/signals.ts';
import type { BridgeReport } from './bridge-report.ts';
import { FrameSender, KIND, readFrames } from './link.ts';
import { encodeTakeover, readStatus, readTick, type Status, TAKEOVER_SIZE, type Tick } from './wire.ts';

export interface Answer {
  accepted: boolean;
  reason: string;
  mode: Mode;
  incident: number;
}

/** The rising edge of something that takes authority from the policy. */
export interface Intervention {
  cause: string;
  by: 'gate' | 'person';
  epoch: number;
  /** Of the gate, since the reflex began. */
  count: number;
}

/** Of wall time. Whether a reflex is dead is for the sentinel to say, far sooner; on a machine that stands still it may only be slow. */
const ANSWER_MS = 5000;

/** A client of the reflex's socket: sees status, ticks (as `observer` or `practice`) and transitions, and asks for things. */
export class ReflexClient {
  /** Latest status; null until the first, and again after the reflex went away. */
  readonly status$ = new BehaviorSubject<Status | null>(null);
  readonly transitions$ = new Subject<LadderTransition>();
  readonly ticks$ = new Subject<Tick>();
  /** Entries of the gate's journal, and the number of the first of them. */
  readonly journal$ = new Subject<{ first: number; entries: Float64Array }>();
  readonly interventions$ = new Subject<Intervention>();
  /** How the reflex finds its bridge to the robot; null before it tells an observer, and again after it went away. */
  readonly bridge$ = new BehaviorSubject<BridgeReport | null>(null);
  readonly #path: string;
  readonly #role: string;
  #sender: FrameSender | null = null;
  #socket: Socket | null = null;
  #closed = false;
  #nextId = 1;
  readonly #numbers = new Float64Array(TAKEOVER_SIZE);
  readonly #waiting = new Map<number, (value: unknown) => void>();

  constructor(path: string, role: 'operator' | 'observer' | 'practice') {
    this.#path = path;
    this.#role = role;
    this.#connect();
  }

  #connect(): void {
    const socket = connect(this.#path);
    this.#socket = socket;
    socket.on('error', () => {});
    socket.on('connect', () => {
      this.#sender = new FrameSender(socket);
      this.#sender.sendJson(KIND.hello, { role: this.#role, pid: process.pid });
    });
    socket.on('close', () => {
      this.#sender = null;
      this.status$.next(null);
      this.bridge$.next(null);
      for (const answer of this.#waiting.values()) answer(null);
      this.#waiting.clear();
      if (!this.#closed) setTimeout(() => this.#closed || this.#connect(), 30);
    });
    readFrames(socket, {
      numbers: (kind, values, count, text) => {
        if (kind === KIND.status) this.status$.next(readStatus(values, text));
        else if (kind === KIND.tick) this.ticks$.next(readTick(values, text));
        else if (kind === KIND.journal) this.journal$.next({ first: values[0]!, entries: values.slice(1, count) });
      },
      json: (kind, value) => {
        if (kind === KIND.transition) this.transitions$.next(value as LadderTransition);
        else if (kind === KIND.intervention) this.interventions$.next(value as Intervention);
        else if (kind === KIND.bridge) this.bridge$.next(value as BridgeReport);
        else if (kind === KIND.answer || kind === KIND.summary) this.#answered(value as { id: number });
      },
    });
  }

  #answered(value: { id: number }): void {
    this.#waiting.get(value.id)?.(value);
    this.#waiting.delete(value.id);
  }

  /** @throws ReflexArcError RA_PROCESS_DIED when the reflex is not there or goes away before it answers. */
  async #ask<T>(request: OperatorRequest | { kind: 'summary' }): Promise<T> {
    const id = this.#nextId++;
    const answer = await new Promise<unknown>((resolve) => {
      this.#waiting.set(id, resolve);
      if (!this.#sender?.sendJson(KIND.request, { id, request })) this.#answered({ id });
      setTimeout(() => this.#waiting.delete(id) && resolve(null), ANSWER_MS).unref();
    });
    if (answer !== null && Object.keys(answer as object).length > 1) return answer as T;
    throw new ReflexArcError('RA_PROCESS_DIED', {
      seen: `no answer of the reflex to "${request.kind}"`,
      allowed: `an answer within ${ANSWER_MS / 1000} s`,
    });
  }

  request(request: OperatorRequest): Promise<Answer> {
    return this.#ask<Answer>(request);
  }

  /** Passes on what a person wants in the policy's place; false when it cannot go now, and then it never does. */
  takeOver(takeover: Takeover): boolean {
    const count = encodeTakeover(takeover, this.#numbers);
    return this.#sender?.sendNumbers(KIND.takeover, this.#numbers, count) ?? false;
  }

  summary(): Promise<Record<string, unknown>> {
    return this.#ask({ kind: 'summary' });
  }

  /** Resolves with the first status that satisfies `test`; rejects after `withinMs`. */
  until(test: (status: Status) => boolean, withinMs: number): Promise<Status> {
    return firstValueFrom(
      this.status$.pipe(
        filter((s): s is Status => s !== null && test(s)),
        timeout(withinMs),
      ),
    );
  }

  close(): void {
    this.#closed = true;
    this.#socket?.destroy();
  }
}
