import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { allowed } from '../../../bridges/serving/allow.ts';
import { covers } from '../../interop/conformance.ts';
import { selfSigned } from '../serving/certificate.ts';
import { RawClient } from './raw-client.ts';
import { advertise, publish, serve, subscribe } from './serving.ts';

const TOKEN = 'open sesame';

describe('a token', () => {
  it.each([
    ['in the query', `?token=${encodeURIComponent(TOKEN)}`, {}],
    ['as a bearer', '', { authorization: `Bearer ${TOKEN}` }],
  ])('%s lets a client in', async (_where, query, headers) => {
    covers('server', 'auth.token', 'raw');
    const { client } = await serve({ token: TOKEN });
    const c = await client(query, headers);
    expect((await c.call('/rosapi/get_time')).result).toBe(true);
  });

  it.each([
    ['?token=open', {}],
    ['?token=', {}],
    ['', { authorization: 'Bearer close sesame' }],
  ])('that is wrong turns it away at the door (%s %j)', async (query, headers) => {
    covers('server', 'auth.token', 'hostile');
    const { server, client } = await serve({ token: TOKEN });
    await expect(client(query, headers)).rejects.toThrow('401');
    expect(server.counters).toMatchObject({ turnedAway: 1, clients: 0 });
  });

  it('that is asked for at an address that is none costs nothing but that connection', async () => {
    covers('server', 'auth.token', 'hostile');
    const { server, port, client } = await serve({ token: TOKEN });
    const headers = { connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' };
    const key = { 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==' };
    const odd = request({ port, host: '127.0.0.1', path: '//?token=x', headers: { ...headers, ...key } }).end();
    const [response] = await once(odd, 'response');
    expect(response.statusCode).toBe(401);
    expect(server.counters.turnedAway).toBe(1);
    expect((await (await client(`?token=${encodeURIComponent(TOKEN)}`)).call('/rosapi/get_time')).result).toBe(true);
  });

  it('that does not come at all leaves a client with nothing but `auth`, and not for long', async () => {
    covers('server', 'auth', 'hostile');
    const { server, client } = await serve({ token: TOKEN, authMs: 100 });
    const c = await client();
    c.send({ op: 'set_level', level: 'error' }, subscribe('/s', 'std_msgs/String'), publish('/s', { data: 'x' }));
    c.send({ op: 'call_service', service: '/rosapi/topics' });
    const [code, reason] = await once(c.socket, 'close');
    expect([code, String(reason)]).toEqual([1008, 'not authenticated']);
    expect(c.received).toEqual([]);
    expect(server.counters.refused.not_authenticated).toBe(5);
  });
});

describe('an `auth` operation, as rosauth has it', () => {
  const NOW_S = 1_800_000_000;
  const proof = (change: Partial<Record<string, unknown>> = {}, secret = TOKEN) => {
    const op = { op: 'auth', client: 'c', dest: 'd', rand: 'r', t: NOW_S, level: 'admin', end: NOW_S + 60, ...change };
    const text = `${secret}${op.client}${op.dest}${op.rand}${op.t}${op.level}${op.end}`;
    return { mac: createHash('sha512').update(text).digest('hex'), ...op };
  };
  const guarded = (nowS = () => NOW_S) => serve({ token: TOKEN, wallNs: () => nowS() * 1e9, pingMs: 20 });

  it('with the right proof lets a client in, once', async () => {
    covers('server', 'auth', 'raw');
    const { client } = await guarded();
    const [first, second] = [await client(), await client()];
    first.send(proof());
    expect((await first.call('/rosapi/get_time')).result).toBe(true);
    second.send(proof());
    const [code] = await once(second.socket, 'close');
    expect(code).toBe(1008);
  });

  it.each([
    ['of another secret', proof({}, 'guess')],
    ['for other words', { ...proof(), level: 'root' }],
    ['made a minute ago', proof({ t: NOW_S - 60 })],
    ['from the future', proof({ t: NOW_S + 60 })],
    ['that has ended', proof({ end: NOW_S - 1 })],
    ['without numbers', proof({ t: 'now' })],
  ])('with a proof %s ends the connection', async (_what, op) => {
    covers('server', 'auth', 'hostile');
    const { server, client } = await guarded();
    const c = await client();
    c.send(op);
    const [code] = await once(c.socket, 'close');
    expect(code).toBe(1008);
    expect(server.counters.refused.not_authenticated).toBe(1);
  });

  it('opens a session that ends when it says', async () => {
    covers('server', 'auth', 'raw');
    let nowS = NOW_S;
    const { client } = await guarded(() => nowS);
    const c = await client();
    c.send(proof());
    await c.settled();
    nowS += 61;
    const [code, reason] = await once(c.socket, 'close');
    expect([code, String(reason)]).toEqual([1008, 'the session has ended']);
  });
});

describe('allow-lists', () => {
  it('are globs in which a star goes over slashes, and nothing else is special', () => {
    covers('server', 'allow_lists', 'unit');
    const may = allowed({ publish: ['/cmd*', '/a.b?[x]'], subscribe: ['*'], call: [] });
    expect(may('publish', '/cmd_vel/x')).toBe(true);
    expect(may('publish', '/a.bc[x]')).toBe(true);
    expect(['/x/cmd', '/aXbc[x]', '/a.b[x]'].map((name) => may('publish', name))).toEqual([false, false, false]);
    expect(may('subscribe', '/anything/at all')).toBe(true);
    expect(may('call', '/anything')).toBe(false);
    const many = allowed({ publish: ['*'.repeat(2000)], subscribe: [], call: [] });
    expect(many('publish', 'x'.repeat(256))).toBe(true);
  });

  it('hold for publishing, subscribing and calling, each by itself, and rosapi shows no more', async () => {
    covers('server', 'allow_lists', 'raw');
    const { server, client } = await serve({
      allow: { publish: ['/in*'], subscribe: ['/out*'], call: ['/rosapi/*', '/open'] },
    });
    server.publish('/out/state', 'std_msgs/String', { data: 'state' }, { latch: true });
    server.publish('/secret', 'std_msgs/String', { data: 'secret' }, { latch: true });
    for (const name of ['/open', '/closed'])
      server.advertiseService(name, 'std_srvs/Trigger', () => ({ success: true }));
    const c = await client();
    c.send(subscribe('/out/state', 'std_msgs/String'), subscribe('/secret', 'std_msgs/String'));
    c.send(advertise('/in', 'std_msgs/String'), advertise('/other', 'std_msgs/String'));
    c.send(publish('/out/state', { data: 'forged' }));
    c.send(
      { op: 'advertise_service', service: '/mine', type: 'a/B' },
      { op: 'advertise_action', action: '/act', type: 'a/B' },
    );
    expect(await c.call('/open')).toMatchObject({ result: true });
    expect(await c.call('/closed')).toMatchObject({ result: false, values: 'Service /closed may not be called' });
    expect((await c.call('/rosapi/topics')).values).toMatchObject({ topics: ['/out/state', '/in'] });
    const { services } = (await c.call('/rosapi/services')).values as { services: string[] };
    expect(services.filter((name) => !name.startsWith('/rosapi/'))).toEqual(['/open']);
    expect(c.published).toEqual([{ data: 'state' }]);
    expect(server.counters.refused.not_allowed).toBe(6);
  });
});

describe('a port', () => {
  it('is on loopback unless told otherwise, and tells a browser what it is', async () => {
    covers('server', 'origin', 'raw');
    const { port } = await serve();
    const [response] = await once(request({ port, host: '127.0.0.1' }).end(), 'response');
    expect(response.statusCode).toBe(200);
    let body = '';
    for await (const part of response) body += part;
    expect(JSON.parse(body)).toEqual({ protocol: { major: 2, minor: 1, patch: 0 }, server: { name: 'reflexarc' } });
    await expect(RawClient.open(`ws://127.0.0.2:${port}`)).rejects.toThrow();
  });
});

describe('TLS', () => {
  const pem = selfSigned();

  it('is spoken with a certificate, to clients that trust it and no others', async () => {
    covers('server', 'tls', 'raw');
    const { port } = await serve({ tls: pem() });
    const c = await RawClient.open(`wss://127.0.0.1:${port}`, {}, { ca: pem().cert });
    expect((await c.call('/rosapi/get_time')).result).toBe(true);
    c.close();
    await expect(RawClient.open(`wss://127.0.0.1:${port}`)).rejects.toThrow(/self-signed/);
    await expect(RawClient.open(`ws://127.0.0.1:${port}`)).rejects.toThrow();
  });

  it('with something else for a certificate refuses to start', async () => {
    covers('server', 'tls', 'hostile');
    await expect(serve({ tls: { cert: 'no', key: 'no' } })).rejects.toMatchObject({ code: 'RA_CONFIG_INVALID' });
  });
});
