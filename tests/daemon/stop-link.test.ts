import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { loadRun } from '../../src/core/config/load.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { StopLink } from '../../src/daemon/stop-link.ts';

const { config: shipped } = loadRun(join(packageRoot, 'configs/runs/peg.yaml'), []);
const QUICK = { retryMs: 5, pingMs: 20 };
/** What it was that ended a link stands until the next one. */
const ONCE = { ...QUICK, retryMs: 60_000 };

let server: WebSocketServer;
let port = 0;
let link: StopLink;
let opened = 0;
let said: { op: string; topic: string; msg?: { epoch: number; reason: string } }[] = [];

async function serve(onSocket: (socket: WebSocket) => void = () => {}): Promise<void> {
  server = new WebSocketServer({ host: '127.0.0.1', port, autoPong: false });
  await once(server, 'listening');
  ({ port } = server.address() as { port: number });
  server.on('connection', (socket) => {
    socket.on('message', (data) => said.push(JSON.parse(String(data))));
    onSocket(socket);
  });
}
const answers = (socket: WebSocket) => socket.on('ping', () => socket.pong());
async function gone(): Promise<void> {
  for (const socket of server.clients) socket.terminate();
  await new Promise((resolve) => server.close(resolve));
}
const until = async (test: () => boolean) => {
  for (let i = 0; i < 2000 && !test(); i++) await new Promise((resolve) => setTimeout(resolve, 1));
  expect(test()).toBe(true);
};

beforeEach(() => {
  [port, opened, said] = [0, 0, []];
});
afterEach(async () => {
  link.close();
  await gone();
});

function open(every = QUICK): void {
  const bridge = { ...shipped.bridge, url: `ws://127.0.0.1:${port}` };
  link = new StopLink({ ...shipped, bridge }, () => opened++, every);
  link.open();
}

describe("the sentinel's own link", () => {
  it('is up once it has advertised the stop, and a stop is counted as said', async () => {
    await serve(answers);
    open();
    expect(link.report).toMatchObject({ up: false, reason: 'not yet connected' });
    await until(() => link.report.up);
    expect(link.publish('because', 7)).toBe(true);
    await until(() => said.length === 2);
    expect(said).toMatchObject([
      { op: 'advertise', topic: '/stop' },
      { op: 'publish', topic: '/stop', msg: { epoch: 7, reason: 'because' } },
    ]);
    expect(link.report).toMatchObject({ reason: '', faults: [], counters: { commandsSent: 1, commandsRefused: 0 } });
  });

  it('counts what it loses, what it does not reach and a stop that it could not say, and comes back', async () => {
    await serve(answers);
    open();
    await until(() => link.report.up);
    await gone();
    await until(() => link.report.counters.unreached >= 2);
    expect(link.report).toMatchObject({ up: false, counters: { lost: 1, reconnects: 0 } });
    expect(link.report.reason).toContain('ECONNREFUSED');
    expect(link.publish('nobody hears it', 7)).toBe(false);
    await serve(answers);
    await until(() => link.report.up);
    expect([opened, link.report.counters.reconnects, link.report.counters.commandsRefused]).toEqual([2, 1, 1]);
  });

  it('says why a server ends it', async () => {
    await serve((socket) => socket.close(1008, 'not you'));
    open(ONCE);
    await until(() => link.report.counters.lost === 1);
    expect(link.report.reason).toBe('closed by the server (1008 not you)');
  });

  it('is taken for dead when nobody answers its pings, though it is open', async () => {
    await serve();
    open(ONCE);
    await until(() => link.report.counters.lost === 1);
    expect(link.report.reason).toBe('no answer to a ping for 60 ms');
  });
});
