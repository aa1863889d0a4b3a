import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { ReflexArcError } from '../src/core/errors.ts';
import { type Network, readNetwork } from './kernels/network.ts';
import { readSafetensors, type WeightsFile } from './kernels/safetensors.ts';
import { readTfjsModel } from './kernels/tfjs-model.ts';

/** Options of every backend that loads a file: where it is, and the digest that pins it. */
export const weightsOptions = z.object({ type: z.string(), path: z.string(), sha256: z.string() });
export type WeightsOptions = z.infer<typeof weightsOptions>;

export interface LoadedWeights {
  readonly network: Network;
  readonly metadata: Readonly<Record<string, string>>;
  readonly sha256: string;
}

interface Opened {
  readonly sha256: string;
  file(): WeightsFile;
}

/** A `.safetensors` file, or the `model.json` of a TensorFlow.js layers model with its weights. */
function open(path: string): Opened {
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
  const sha256 = (all: Uint8Array) => createHash('sha256').update(all).digest('hex');
  if (!path.endsWith('.json')) return { sha256: sha256(bytes), file: () => readSafetensors(bytes, path) };
  const model = readTfjsModel(bytes, path);
  return { sha256: sha256(model.bytes), file: () => model.file };
}

/** What pins the weights at `path`: SHA-256 over all their bytes. @throws as `loadWeights`, but for the digest */
export const digestOfWeights = (path: string): string => open(path).sha256;

/**
 * Reads weights and holds all of their bytes against their pin: frozen means frozen (house rule 5).
 * @throws ReflexArcError RA_CONFIG_MISSING, RA_DIGEST_MISMATCH with both digests, RA_WEIGHTS_UNREADABLE
 */
export function loadWeights({ path, sha256: pin }: WeightsOptions): LoadedWeights {
  const { sha256, file } = open(path);
  if (sha256 !== pin)
    throw new ReflexArcError('RA_DIGEST_MISMATCH', { seen: `${path} has SHA-256 ${sha256}`, allowed: pin });
  const { metadata, tensors } = file();
  return { network: readNetwork({ metadata, tensors }, path), metadata, sha256 };
}
