import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { ReflexArcError } from '../src/core/errors.ts';
import { type Network, readNetwork } from './kernels/network.ts';
import { readSafetensors } from './kernels/safetensors.ts';

/** Options of every backend that loads a file: where it is, and the digest that pins it. */
export const weightsOptions = z.object({ type: z.string(), path: z.string(), sha256: z.string() });
export type WeightsOptions = z.infer<typeof weightsOptions>;

export interface LoadedWeights {
  readonly network: Network;
  readonly metadata: Readonly<Record<string, string>>;
  readonly sha256: string;
}

/**
 * Reads a weights file and holds it against its pin: frozen means frozen (house rule 5).
 * @throws ReflexArcError RA_CONFIG_MISSING, RA_DIGEST_MISMATCH with both digests, RA_WEIGHTS_UNREADABLE
 */
export function loadWeights({ path, sha256 }: WeightsOptions): LoadedWeights {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw new ReflexArcError('RA_CONFIG_MISSING', {
      seen: `${path}: ${(cause as NodeJS.ErrnoException).code}`,
      allowed: 'a weights file',
      cause,
    });
  }
  const digest = createHash('sha256').update(bytes).digest('hex');
  if (digest !== sha256)
    throw new ReflexArcError('RA_DIGEST_MISMATCH', { seen: `${path} has SHA-256 ${digest}`, allowed: sha256 });
  const file = readSafetensors(bytes, path);
  return { network: readNetwork(file, path), metadata: file.metadata, sha256: digest };
}
