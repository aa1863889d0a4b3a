import type { FrameSender } from './link.ts';
import { KIND } from './link.ts';

/** How practice stands, as its process says twice a second. */
export interface PracticeReport {
  readonly phase: string;
  /** Of the residual in use; 0: the config's. */
  readonly version: number;
  readonly episodes: number;
  readonly successes: number;
  readonly violations: number;
  readonly heldOut: number;
  readonly unlabelled: number;
  readonly dropped: number;
  /** Episodes that the learner does not have yet, has, and cannot read. */
  readonly waiting: number;
  readonly acknowledged: number;
  readonly rejected: number;
  /** Of those that it cannot read, the ones that could not be put aside; and times that it could keep none. */
  readonly lost: number;
  readonly notKept: number;
  readonly learner: { readonly up: boolean; readonly why: string };
  /** Newest warning; empty before the first. */
  readonly last: string;
}

export type PracticeRequest = { kind: 'label'; success: boolean } | { kind: 'roll_back' };
export interface PracticeAnswer {
  success: boolean;
  message: string;
}

const ANSWER_MS = 2000;

/** The observer's side of the practice process: what it reports, and what a person asks of it. */
export class PracticeDoor {
  /** Null while the process is not there. */
  report: PracticeReport | null = null;
  readonly #waiting = new Map<number, (answer: PracticeAnswer) => void>();
  #sender: FrameSender | null = null;
  #nextId = 1;

  isHere(sender: FrameSender): void {
    this.#sender = sender;
  }

  isGone(sender: FrameSender): void {
    if (sender !== this.#sender) return;
    this.#sender = null;
    this.report = null;
    for (const answer of this.#waiting.values()) answer({ success: false, message: 'the practice process went away' });
    this.#waiting.clear();
  }

  said(kind: number, value: unknown): void {
    if (kind === KIND.practice) this.report = value as PracticeReport;
    if (kind !== KIND.answer) return;
    const { id, success, message } = value as PracticeAnswer & { id: number };
    this.#waiting.get(id)?.({ success, message });
    this.#waiting.delete(id);
  }

  ask(request: PracticeRequest): Promise<PracticeAnswer> {
    const id = this.#nextId++;
    return new Promise((resolve) => {
      if (!this.#sender?.sendJson(KIND.request, { id, request })) {
        resolve({ success: false, message: 'the practice process is not there' });
        return;
      }
      this.#waiting.set(id, resolve);
      const late = () => this.#waiting.delete(id) && resolve({ success: false, message: 'no answer within 2 s' });
      setTimeout(late, ANSWER_MS).unref();
    });
  }
}
