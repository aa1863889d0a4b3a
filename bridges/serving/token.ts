import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

export const sha512 = (text: string) => createHash('sha512').update(text).digest();

/** Whether two texts are the same, in a time that does not tell where they differ. */
export const isSame = (a: string, b: string) => timingSafeEqual(sha512(a), sha512(b));

/**
 * The token that a handshake brings: `Authorization: Bearer …` or, where headers cannot be set (web pages), `?token=…`.
 * @returns true, false for a wrong one, null where there is none
 */
export function showsToken(request: IncomingMessage, token: string): boolean | null {
  const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  // Not by `new URL`, which throws for what a stranger may write there (`//`).
  const query = new URLSearchParams(request.url?.split('?')[1]).get('token');
  const given = bearer ?? query ?? null;
  return given === null ? null : isSame(given, token);
}
