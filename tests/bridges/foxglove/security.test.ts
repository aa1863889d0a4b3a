import { once } from 'node:events';
import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { originOf } from '../../../bridges/serving/origin.ts';
import { covers } from '../../interop/conformance.ts';
import { plays } from '../../interop/played.ts';
import { selfSigned } from '../serving/certificate.ts';
import { knock, serve } from './serving.ts';

const TOKEN = 'open sesame';

describe('a handshake', () => {
  it.each([[[]], [['graphql-ws']], [['foxglove.sdk.v2', 'foxglove']]])(
    'that offers %j is turned away: it speaks another protocol',
    async (protocols) => {
      plays('foxglove', 'subprotocol.other');
      covers('foxglove', 'subprotocol', 'hostile');
      const lines: string[] = [];
      const { server, port } = await serve({ logger: { warn: (_fields, text) => lines.push(text) } });
      expect((await knock(port, { protocols })).status).toBe(400);
      expect(server.counters).toMatchObject({ turnedAway: 1, clients: 0 });
      expect(lines).toEqual([expect.stringContaining('allowed: foxglove.sdk.v1, foxglove.websocket.v1')]);
    },
  );

  it.each([
    ['of no page', {}, 101],
    ['of a page of this machine', { origin: 'http://localhost:8080' }, 101],
    ['of a page that is listed', { origin: 'https://app.foxglove.dev' }, 101],
    ['of another page', { origin: 'https://evil.example' }, 401],
    ['of a page in a sandbox', { origin: 'null' }, 401],
  ])('%s gets %s', async (_what, headers: Record<string, string>, status) => {
    covers('foxglove', 'origin', 'raw');
    const { port } = await serve({ origins: ['https://app.foxglove.dev'] });
    expect((await knock(port, { headers })).status).toBe(status);
  });

  it('with a token is let in by the right one only', async () => {
    covers('foxglove', 'token', 'raw');
    const { server, port, viewer } = await serve({ token: TOKEN });
    const status = async (how: Parameters<typeof knock>[1]) => (await knock(port, how)).status;
    expect(await status({})).toBe(401);
    expect(await status({ query: '?token=guess' })).toBe(401);
    expect(await status({ headers: { authorization: `Bearer ${TOKEN}` } })).toBe(101);
    // A page that was told the token was told it by somebody.
    expect(await status({ query: `?token=${encodeURIComponent(TOKEN)}`, headers: { origin: 'null' } })).toBe(101);
    expect(server.counters.turnedAway).toBe(2);
    expect((await viewer({ query: `?token=${encodeURIComponent(TOKEN)}` })).info?.name).toBe('a robot');
  });

  it('beyond the number of viewers is closed with a reason', async () => {
    plays('foxglove', 'link.many');
    const lines: string[] = [];
    const logger = { warn: (_fields: object, text: string) => lines.push(text) };
    const { server, port, viewer } = await serve({ maxClients: 1, logger });
    await viewer();
    for (let n = 0; n < 2; n++) {
      const socket = new WebSocket(`ws://127.0.0.1:${port}`, ['foxglove.sdk.v1']);
      const [code, reason] = await once(socket, 'close');
      expect([code, String(reason)]).toEqual([1013, 'too many viewers']);
    }
    expect(server.counters).toMatchObject({ clients: 1, turnedAway: 2 });
    expect(lines).toEqual(['a viewer is one too many; allowed: 1']);
  });
});

describe('TLS', () => {
  const pem = selfSigned();

  it('is spoken with a certificate, to viewers that trust it', async () => {
    covers('foxglove', 'tls', 'raw');
    const { port } = await serve({ tls: pem() });
    const socket = new WebSocket(`wss://127.0.0.1:${port}`, ['foxglove.sdk.v1'], { ca: pem().cert });
    const [data] = await once(socket, 'message');
    expect(JSON.parse(String(data)).op).toBe('serverInfo');
    socket.terminate();
    await expect(once(new WebSocket(`wss://127.0.0.1:${port}`, ['foxglove.sdk.v1']), 'open')).rejects.toThrow(
      /self-signed/,
    );
  });
});

describe('a desktop application, whose page is a file', () => {
  const act = { allow: { subscribe: ['*'], call: ['*'], publish: ['*'] }, onMessage: () => {} };

  it('may look, and neither call nor publish: so might a page that somebody downloaded', async () => {
    covers('foxglove', 'origin', 'stock');
    const { server, viewer } = await serve(act);
    let called = 0;
    server.advertiseService('/arm', 'std_srvs/Trigger', () => ({ success: ++called > 0 }));
    server.declare('/s', 'std_msgs/msg/String', [], []);
    const v = await viewer({ origin: 'file://' });
    expect(v.info?.capabilities).toEqual(['parameters', 'parametersSubscribe', 'connectionGraph']);
    expect(v.services.size).toBe(0);
    const failure = once(v.socket, 'message');
    v.client.sendServiceCallRequest({
      serviceId: 1,
      callId: 1,
      encoding: 'cdr',
      data: new DataView(new ArrayBuffer(5)),
    });
    expect(String((await failure)[0])).toContain('services may not be called from here');
    v.client.advertise({ topic: '/cmd', encoding: 'json', schemaName: 'geometry_msgs/Twist' });
    v.subscribe('/s');
    await v.settled();
    server.publish('/s', 'std_msgs/msg/String', { data: 'seen' }, 0);
    await v.settled();
    expect(called).toBe(0);
    expect(v.statuses.at(-1)?.message).toContain('/cmd may not be published');
    expect(v.of('/s')).toEqual([{ data: 'seen' }]);
  });

  it.each([
    ['its origin is listed', { origins: ['file://'] }, ''],
    ['it brings the token', { token: TOKEN }, `?token=${encodeURIComponent(TOKEN)}`],
  ])('may do both once %s', async (_what, options, query) => {
    covers('foxglove', ['origin', 'token'], 'stock');
    const { server, viewer } = await serve({ ...act, ...options });
    server.advertiseService('/arm', 'std_srvs/Trigger', () => ({ success: true, message: '' }));
    const v = await viewer({ origin: 'file://', query });
    expect(await v.call('/arm')).toEqual({ success: true, message: '' });
    expect(v.info?.capabilities).toContain('clientPublish');
  });
});

describe('allow-lists', () => {
  it('hold for topics and services: what may not be used is not shown', async () => {
    covers('foxglove', 'allow_lists', 'stock');
    const { server, viewer } = await serve({ allow: { subscribe: ['/out*'], call: ['/stop'], publish: [] } });
    for (const topic of ['/out', '/secret']) {
      server.declare(topic, 'std_msgs/msg/String', [], []);
      server.publish(topic, 'std_msgs/msg/String', { data: '' }, 0, { latch: true });
    }
    for (const name of ['/stop', '/arm']) server.advertiseService(name, 'std_srvs/Trigger', () => ({}));
    const v = await viewer();
    expect([...v.channels.keys()]).toEqual(['/out']);
    expect([...v.services.keys()]).toEqual(['/stop']);
  });
});

describe('a port', () => {
  it('is on loopback unless told otherwise, and tells a browser what it is', async () => {
    const { port } = await serve();
    const [response] = await once(request({ port, host: '127.0.0.1' }).end(), 'response');
    let body = '';
    for await (const part of response) body += part;
    expect(JSON.parse(body)).toEqual({
      protocol: ['foxglove.sdk.v1', 'foxglove.websocket.v1'],
      server: { name: 'reflexarc' },
    });
    await expect(once(request({ port, host: '127.0.0.2' }).end(), 'response')).rejects.toThrow();
  });
});

describe('an origin', () => {
  it.each([
    [undefined, 'known'],
    ['http://127.0.0.1:8080', 'known'],
    ['https://[::1]', 'known'],
    ['https://listed.example', 'known'],
    ['file://', 'file'],
    ['null', 'foreign', []],
    ['null', 'file', ['null']],
    ['file://', 'known', ['file://']],
    ['http://localhost.evil.example', 'foreign'],
    ['not a URL', 'foreign'],
  ])('%s is %s, with %j on the list', (origin, kind, listed = ['https://listed.example']) => {
    expect(originOf(origin, listed)).toBe(kind);
  });
});
