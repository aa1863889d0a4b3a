import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Operation } from './operation.ts';

/** An `auth` may be so old, and from so far in the future, s: the clocks of two machines differ. */
const MAX_SKEW_S = 30;
/** So many are remembered, so that none is good twice. */
const MAX_REMEMBERED = 10_000;

const sha512 = (text: string) => createHash('sha512').update(text).digest();
const same = (a: string, b: string) => timingSafeEqual(sha512(a), sha512(b));

/**
 * Who may connect, by one secret token. Programs send it with the handshake, as `Authorization: Bearer …` or, where
 * headers cannot be set (web pages), as `?token=…`. Clients of rosbridge with nothing but its `auth` op prove that they
 * know it in the manner of rosauth: the SHA-512 of token, client, dest, rand, t, level and end, in this order.
 */
export class Authenticator {
  readonly #token: string;
  readonly #nowS: () => number;
  /** Proofs that were used, until they are too old anyway, by their time. */
  readonly #used = new Map<string, number>();

  constructor(token: string, nowS: () => number) {
    this.#token = token;
    this.#nowS = nowS;
  }

  /** True, false for a wrong token, null where the handshake brings none. */
  handshake(request: IncomingMessage): boolean | null {
    const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
    // Not by `new URL`, which throws for what a stranger may write there (`//`).
    const query = new URLSearchParams(request.url?.split('?')[1]).get('token');
    const given = bearer ?? query ?? null;
    return given === null ? null : same(given, this.#token);
  }

  /** The end of the session, in seconds of wall time, that a good `auth` op asks for; else what is wrong with it. */
  operation({ mac, client, dest, rand, t, level, end }: Operation): number | string {
    const now = this.#nowS();
    if (typeof mac !== 'string' || typeof t !== 'number' || typeof end !== 'number') return 'auth needs mac, t and end';
    const text = [client, dest, rand, level].map((part) => (typeof part === 'string' ? part : ''));
    const proof = `${this.#token}${text[0]}${text[1]}${text[2]}${Math.trunc(t)}${text[3]}${Math.trunc(end)}`;
    if (!same(mac.toLowerCase(), sha512(proof).toString('hex'))) return 'auth: the mac is not right';
    if (!(Math.abs(now - t) <= MAX_SKEW_S)) return `auth: made more than ${MAX_SKEW_S} s ago or ahead`;
    if (!(end > now)) return 'auth: its end has passed';
    for (const [old, madeS] of this.#used) if (now - madeS > MAX_SKEW_S) this.#used.delete(old);
    if (this.#used.has(mac) || this.#used.size >= MAX_REMEMBERED) return 'auth: used before';
    this.#used.set(mac, t);
    return end;
  }
}
