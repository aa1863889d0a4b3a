import { ReflexArcError } from '../../../core/errors.ts';

/** What we use of sharp, so that the types do not need an optional package. */
export interface SharpImage {
  toColourspace(space: string): SharpImage;
  removeAlpha(): SharpImage;
  recomb(matrix: readonly (readonly number[])[]): SharpImage;
  resize(options: object): SharpImage;
  raw(options?: { depth: string }): SharpImage;
  toBuffer(options: { resolveWithObject: true }): Promise<{
    data: Buffer;
    info: { width: number; height: number; channels: number };
  }>;
}
export interface Sharp {
  (input: Uint8Array, options: object): SharpImage;
  cache(on: boolean): void;
  concurrency(threads: number): void;
}

let loading: Promise<Sharp> | null = null;

/**
 * The image library, loaded when a task has images: an optional package with prebuilt binaries, which decodes on threads
 * of its own.
 * @throws ReflexArcError RA_IMAGE_SUPPORT when it is not installed or does not load on this machine
 */
export function loadSharp(name = 'sharp'): Promise<Sharp> {
  if (name !== 'sharp') return load(name);
  loading ??= load(name);
  return loading;
}

async function load(name: string): Promise<Sharp> {
  try {
    const { default: sharp } = (await import(name)) as { default: Sharp };
    // Every frame is new: a cache would only hold memory. One thread a picture leaves cores to the reflex.
    sharp.cache(false);
    sharp.concurrency(1);
    return sharp;
  } catch (cause) {
    throw new ReflexArcError('RA_IMAGE_SUPPORT', {
      seen: `task.observation.images: ${(cause as Error).message.split('\n')[0]}`,
      allowed: 'the optional package sharp',
      cause,
    });
  }
}
