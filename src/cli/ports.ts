import { createServer } from 'node:net';
import { ReflexArcError } from '../core/errors.ts';

/** @throws ReflexArcError RA_PORT_IN_USE, naming the config key, when nobody may listen there. Port 0 is always free. */
export async function requireFreePort(host: string, port: number, key: string): Promise<void> {
  if (port === 0) return;
  await new Promise<void>((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        new ReflexArcError('RA_PORT_IN_USE', {
          seen: `${key} ${host}:${port}: ${cause.code}`,
          allowed: 'a free port',
          cause,
        }),
      );
    });
    probe.listen(port, host, () => probe.close(() => resolve()));
  });
}

/** A port that is free now. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, host, () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
