import type { IncomingMessage } from 'node:http';
import { isSame, sha512, showsToken } from '../serving/token.ts';
import type { Operation } from './operation.ts';

/** An `auth` may be so old, and from so far in the future, s: the clocks of two machines differ. */
const MAX_SKEW_S = 30;
/** So many are remembered, so that none is good twice. */
const MAX_REMEMBERED = 10_000;

/**
 * Who may connect, by one secret token. Programs and pages send it with the handshake; clients of rosbridge with nothing
 * but its `auth` op prove that they know it in the manner of rosauth: the SHA-512 of token, client, dest, rand, t, level
 * and end, in this order.
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
    return showsToken(request, this.#token);
  }

  /** The end of the session, in seconds of wall time, that a good `auth` op asks for; else what is wrong with it. */
  operation({ mac, client, dest, rand, t, level, end }: Operation): number | string {
    const now = this.#nowS();
    if (typeof mac !== 'string' || typeof t !== 'number' || typeof end !== 'number') return 'auth needs mac, t and end';
    const text = [client, dest, rand, level].map((part) => (typeof part === 'string' ? part : ''));
    const proof = `${this.#token}${text[0]}${text[1]}${text[2]}${Math.trunc(t)}${text[3]}${Math.trunc(end)}`;
    if (!isSame(mac.toLowerCase(), sha512(proof).toString('hex'))) return 'auth: the mac is not right';
    if (!(Math.abs(now - t) <= MAX_SKEW_S)) return `auth: made more than ${MAX_SKEW_S} s ago or ahead`;
    if (!(end > now)) return 'auth: its end has passed';
    for (const [old, madeS] of this.#used) if (now - madeS > MAX_SKEW_S) this.#used.delete(old);
    if (this.#used.has(mac) || this.#used.size >= MAX_REMEMBERED) return 'auth: used before';
    this.#used.set(mac, t);
    return end;
  }
}
