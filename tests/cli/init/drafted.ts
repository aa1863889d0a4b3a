import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, vi } from 'vitest';
import { parse } from 'yaml';
import { RosServer, type RosServerOptions } from '../../../bridges/rosserver/server.ts';
import { type InitOptions, init } from '../../../src/cli/init.ts';
import { MonotonicClock } from '../../../src/core/clock.ts';
import type { RunConfig } from '../../../src/core/config-schema.ts';
import { ReflexArcError } from '../../../src/core/errors.ts';
import { packageRoot } from '../../../src/core/paths.ts';

export const here = (file: string) => join(packageRoot, 'tests/cli/init', file);

const made: string[] = [];
const servers: RosServer[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const server of servers.splice(0)) await server.close();
  for (const dir of made.splice(0)) rmSync(dir, { recursive: true, force: true });
});

export function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'reflexarc-init-'));
  made.push(dir);
  return dir;
}

/** What a command says on stdout, without showing it. */
function heard(): string[] {
  const said: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said.push(String(text));
    return true;
  });
  return said;
}

export async function drafted(
  options: InitOptions,
): Promise<{ out: string; text: string; run: RunConfig; said: string }> {
  const out = options.out ?? join(folder(), 'run.yaml');
  const said = heard();
  expect(await init({ out, ...options })).toBe(0);
  const text = readFileSync(out, 'utf8');
  return { out, text, run: parse(text) as RunConfig, said: said.join('') };
}

export async function errorOf(act: () => unknown): Promise<ReflexArcError> {
  try {
    await act();
  } catch (error) {
    if (error instanceof ReflexArcError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

export async function rosServer(options: Partial<RosServerOptions> = {}): Promise<{ server: RosServer; url: string }> {
  const server = new RosServer({ host: '127.0.0.1', port: 0, clock: new MonotonicClock(), ...options });
  servers.push(server);
  const { host, port } = await server.listen();
  return { server, url: `${options.tls ? 'wss' : 'ws'}://${host}:${port}` };
}
