/** What of a topic is recorded. */
export interface TopicSelection {
  /** False: nothing of it. */
  record?: boolean;
  /** ms between two messages that are recorded; 0: each. */
  throttle_ms?: number;
}

/** Which messages go into the log, by topic; all of a topic that is not named. */
export class Selection {
  readonly #topics: Readonly<Record<string, TopicSelection>>;
  readonly #dueNs = new Map<string, number>();

  constructor(topics: Readonly<Record<string, TopicSelection>>) {
    this.#topics = topics;
  }

  /** Asked once of each message. A time that is no number is none to throttle by: the message is wanted. */
  wants(topic: string, logTimeNs: number | bigint): boolean {
    const { record = true, throttle_ms = 0 } = this.#topics[topic] ?? {};
    if (!record) return false;
    if (throttle_ms === 0) return true;
    const now = Number(logTimeNs);
    const due = this.#dueNs.get(topic);
    // A clock that went back by more than the throttle begins anew.
    if (due !== undefined && now < due && now > due - 2e6 * throttle_ms) return false;
    this.#dueNs.set(topic, now + 1e6 * throttle_ms);
    return true;
  }
}
