import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { covers } from '../../interop/conformance.ts';
import { certificate, client, encoder, type Made, until, untilSent } from './robot-stand-in.ts';

let dir: string;
let made: Made;
const ends: (() => void)[] = [];
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'reflexarc-handshake-'));
});
afterAll(() => rmSync(dir, { recursive: true }));
afterEach(async () => {
  await made.bridge.close();
  for (const end of ends.splice(0)) end();
});

describe('the handshake', () => {
  it('brings the token of a file, without its line end, on every connection', async () => {
    covers('client', 'auth.token', 'raw');
    const seen: (string | undefined)[] = [];
    const verifyClient = ({ req }: { req: IncomingMessage }) => {
      seen.push(req.headers.authorization);
      return req.headers.authorization === 'Bearer s3cret';
    };
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, verifyClient });
    ends.push(() => server.close());
    await once(server, 'listening');
    const token_file = join(dir, 'token');
    writeFileSync(token_file, 's3cret\n');
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
    made = client(url, { token_file }, { topics: [{ topic: '/t', type: 'a_msgs/msg/B' }], encoder: encoder() });
    await made.bridge.open();
    await untilSent(made.bridge, 1);
    expect(seen).toEqual(['Bearer s3cret', 'Bearer s3cret']);
    await made.bridge.close();
    made = client(url);
    void made.bridge.open();
    await until(() => made.errors.length > 0);
    expect(made.errors[0]).toMatchObject({ code: 'RA_BRIDGE_UNREACHABLE', seen: expect.stringContaining('401') });
  });

  it('trusts the authority of a file, and without it no server that nobody vouches for', async () => {
    covers('client', 'tls', 'raw');
    const { cert, key } = certificate(dir);
    const https = createServer({ cert: readFileSync(cert), key: readFileSync(key) }).listen(0, '127.0.0.1');
    const server = new WebSocketServer({ server: https });
    ends.push(
      () => server.close(),
      () => https.close(),
    );
    await once(https, 'listening');
    const url = `wss://127.0.0.1:${(https.address() as AddressInfo).port}`;
    made = client(url, { ca_file: cert }, { encoder: encoder() });
    await made.bridge.open();
    await untilSent(made.bridge, 1);
    await made.bridge.close();
    made = client(url);
    void made.bridge.open();
    await until(() => made.errors.length > 0);
    expect(made.errors[0]!.seen).toMatch(/self-signed certificate/);
    expect(made.bridge.link$.value.up).toBe(false);
  });

  it('needs the files that the config names', () => {
    expect(() => client('ws://127.0.0.1:1', { token_file: join(dir, 'none') })).toThrow(
      expect.objectContaining({ code: 'RA_CONFIG_MISSING', seen: expect.stringContaining('bridge.token_file') }),
    );
  });
});
