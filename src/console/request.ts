import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { z } from 'zod';
import type { OperatorRequest } from '../core/signals.ts';

/** What is refused before anybody decides on it: HTTP status and reason. */
export interface Refusal {
  readonly status: number;
  readonly reason: string;
}

const MAX_BODY_BYTES = 4096;

const requestSchema: z.ZodType<OperatorRequest> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.enum(['arm', 'engage', 'disengage', 'disarm', 'stop', 'estop', 'estop_release']) }),
  z.strictObject({ kind: z.literal('reset'), incident: z.int().min(0) }),
  z.strictObject({ kind: z.enum(['residual_scale', 'speed_scale']), value: z.number().min(0).max(1) }),
]);

/**
 * Null when the request was meant for this console. A browser that was led to another name which points to our address
 * (DNS rebinding) shows that name here, and would show it as its origin too: so only addresses, `localhost` and the name
 * that we were told to listen on are answered.
 */
export function foreignHost(request: IncomingMessage, ours: string): Refusal | null {
  const host = request.headers.host ?? '';
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  if (isIP(name) !== 0 || name === 'localhost' || name === ours) return null;
  return { status: 403, reason: `host ${host} is not this console` };
}

/** The request in the body; another site's page in the operator's browser gets none through. */
export async function readRequest(request: IncomingMessage): Promise<OperatorRequest | Refusal> {
  const { origin, host } = request.headers;
  if (origin !== undefined && origin !== `http://${host}`)
    return { status: 403, reason: `origin ${origin} is not this console` };
  if (request.headers['content-type']?.split(';')[0]?.trim() !== 'application/json')
    return { status: 415, reason: 'content-type must be application/json' };
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > MAX_BODY_BYTES) return { status: 413, reason: `more than ${MAX_BODY_BYTES} bytes` };
    parts.push(part);
  }
  let value: unknown;
  try {
    value = JSON.parse(Buffer.concat(parts).toString());
  } catch {
    return { status: 400, reason: 'the body is not JSON' };
  }
  const parsed = requestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.join('.') || 'request';
  return { status: 400, reason: `${where}: ${issue?.message ?? 'not understood'}` };
}
