import { readFileSync } from 'node:fs';
import type { BridgeConfig } from './bridge-schema.ts';
import { ReflexArcError } from './errors.ts';

/** What the websocket handshake takes besides the address. */
export interface Handshake {
  headers?: Record<string, string>;
  /** Certificate authorities, PEM; those of Node without it. */
  ca?: string;
}

/**
 * The token and the certificate authority that the config names files for. The token itself stands in no config, and so
 * in no log.
 * @throws ReflexArcError RA_CONFIG_MISSING
 */
export function handshakeOf({ token_file, ca_file }: BridgeConfig): Handshake {
  return {
    ...(token_file === undefined
      ? {}
      : { headers: { Authorization: `Bearer ${read('token_file', token_file).trim()}` } }),
    ...(ca_file === undefined ? {} : { ca: read('ca_file', ca_file) }),
  };
}

function read(key: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ReflexArcError('RA_CONFIG_MISSING', {
      seen: `bridge.${key}: ${file}: ${code}`,
      allowed: 'a readable file',
    });
  }
}
