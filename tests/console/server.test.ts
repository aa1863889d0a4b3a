import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ConsoleServer } from '../../src/console/server.ts';
import type { OperatorRequest } from '../../src/core/signals.ts';
import { telemetry, transition } from './telemetry.ts';

const open: ConsoleServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

async function serve(answer: (r: OperatorRequest) => Promise<{ accepted: boolean; reason: string }> = accept) {
  const server = new ConsoleServer({ host: '127.0.0.1', port: 0, title: 'peg <b>' });
  open.push(server);
  const asked: OperatorRequest[] = [];
  server.onRequest((r) => {
    asked.push(r);
    return answer(r);
  });
  return { server, asked, ...(await server.listen()) };
}
const accept = async () => ({ accepted: true, reason: '' });
const JSON_TYPE = { 'content-type': 'application/json' };
const post = (url: string, body: unknown, headers: Record<string, string> = JSON_TYPE) =>
  fetch(`${url}/api/request`, {
    method: 'POST',
    headers,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

/** Sends raw text, because fetch sets the Host header itself; gives the status. */
function raw(url: string, lines: string[]): Promise<number> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(`${lines.join('\r\n')}\r\n\r\n`));
    socket.once('data', (data) => {
      resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(String(data))?.[1]));
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

describe('a request of the operator', () => {
  it('reaches the handler, and its answer the page', async () => {
    const { url, asked } = await serve(async () => ({
      accepted: false,
      reason: 'arm needs DISARMED, the mode is HOLD',
    }));
    const response = await post(url, { kind: 'arm' });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ accepted: false, reason: 'arm needs DISARMED, the mode is HOLD' });
    expect(asked).toEqual([{ kind: 'arm' }]);
  });

  it.each([
    [{ kind: 'reset', incident: 3 }],
    [{ kind: 'stop' }],
    [{ kind: 'estop_release' }],
    [{ kind: 'residual_scale', value: 0.5 }],
  ])('%j is passed on as it is', async (request) => {
    const { url, asked } = await serve();
    expect((await post(url, request)).status).toBe(200);
    expect(asked).toEqual([request]);
  });

  it.each([
    ['not JSON', '{kind', 400],
    ['an unknown kind', { kind: 'jump' }, 400],
    ['a reset without its incident', { kind: 'reset' }, 400],
    ['an incident that is no whole number', { kind: 'reset', incident: 1.5 }, 400],
    ['a key too many', { kind: 'arm', force: true }, 400],
    ['a scale above 1', { kind: 'speed_scale', value: 2 }, 400],
    ['null', 'null', 400],
    ['a body above 4 kB', { kind: 'arm', pad: 'x'.repeat(4096) }, 413],
  ])('%s is refused with a reason and never reaches the handler', async (_, body, status) => {
    const { url, asked } = await serve();
    const response = await post(url, body);
    expect(response.status).toBe(status);
    const answer = (await response.json()) as { accepted: boolean; reason: string };
    expect(answer.accepted).toBe(false);
    expect(answer.reason).toMatch(/^(?!undefined)\S.{5,}/);
    expect(asked).toEqual([]);
  });

  it('whose handler throws is answered as not accepted, with why', async () => {
    const { url } = await serve(() => Promise.reject(new Error('the reflex is gone')));
    const response = await post(url, { kind: 'arm' });
    expect(response.status).toBe(502);
    expect(await response.json()).toEqual({ accepted: false, reason: 'the reflex is gone' });
  });
});

describe('another site in the same browser', () => {
  it('cannot ask: its origin is refused', async () => {
    const { url, asked } = await serve();
    expect((await post(url, { kind: 'arm' }, { ...JSON_TYPE, origin: 'http://evil.example' })).status).toBe(403);
    expect((await post(url, { kind: 'arm' }, { ...JSON_TYPE, origin: 'null' })).status).toBe(403);
    expect((await post(url, { kind: 'arm' }, { ...JSON_TYPE, origin: url })).status).toBe(200);
    expect(asked.length).toBe(1);
  });

  it('cannot ask by a plain form: the content type is refused', async () => {
    const { url, asked } = await serve();
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx'])
      expect((await post(url, '{"kind":"arm"}', { 'content-type': type })).status).toBe(415);
    expect(asked).toEqual([]);
  });

  it('cannot come in by a name of its own that points here (DNS rebinding)', async () => {
    const { url, asked } = await serve();
    const body = '{"kind":"arm"}';
    const request = (host: string) => [
      ...['POST /api/request HTTP/1.1', `Host: ${host}`, `Origin: http://${host}`],
      ...['Content-Type: application/json', `Content-Length: ${body.length}`, '', body],
    ];
    const { port } = new URL(url);
    expect(await raw(url, request(`evil.example:${port}`))).toBe(403);
    expect(await raw(url, ['GET /api/state HTTP/1.1', `Host: evil.example:${port}`])).toBe(403);
    expect(asked).toEqual([]);
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`])
      expect(await raw(url, ['GET /healthz HTTP/1.1', `Host: ${host}`]), host).toBe(200);
  });
});

describe('what is served', () => {
  it('is one page that needs nothing from elsewhere and may load nothing', async () => {
    const { url } = await serve();
    const response = await fetch(url);
    const html = await response.text();
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(html).toContain('<title>peg &#60;b&#62;');
    expect(html).not.toMatch(/src=/);
    expect(html.match(/href="[^"]*"/g)).toEqual(['href="/ladder"']);
    const policy = response.headers.get('content-security-policy')!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    expect(response.headers.get('x-frame-options')).toBe('DENY');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('is the ladder to play with, under a policy of its own', async () => {
    const { url } = await serve();
    const response = await fetch(`${url}/ladder`);
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('<title>The ladder');
    const policy = response.headers.get('content-security-policy')!;
    expect(policy).toMatch(/^default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'; /);
    expect(policy).not.toContain('unsafe');
    expect(policy).not.toContain('connect-src');
  });

  it('is the newest state with the last 50 events', async () => {
    const { server, url } = await serve();
    expect(await (await fetch(`${url}/api/state`)).json()).toEqual({ telemetry: null, events: [] });
    for (let i = 0; i < 60; i++) server.pushEvent({ text: `event ${i}` });
    server.pushTelemetry(telemetry({ timeS: 1 }));
    server.pushTelemetry(telemetry({ timeS: 2, force: Number.NaN }));
    const state = (await (await fetch(`${url}/api/state`)).json()) as { telemetry: object; events: { text: string }[] };
    expect(state.telemetry).toMatchObject({ timeS: 2, force: null });
    expect([state.events.length, state.events[0]!.text, state.events[49]!.text]).toEqual([50, 'event 10', 'event 59']);
    expect(server.snapshot?.timeS).toBe(2);
  });

  it('nothing else: 404, and 405 for the wrong method', async () => {
    const { url } = await serve();
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect((await fetch(`${url}/etc/passwd`)).status).toBe(404);
    expect((await fetch(`${url}/api/request`)).status).toBe(405);
    expect((await fetch(url, { method: 'POST' })).status).toBe(405);
  });

  it('a port in use is said with its number', async () => {
    const { url } = await serve();
    const port = Number(new URL(url).port);
    const second = new ConsoleServer({ host: '127.0.0.1', port, title: 'second' });
    await expect(second.listen()).rejects.toMatchObject({
      code: 'RA_PORT_IN_USE',
      seen: expect.stringContaining(`${port}`),
    });
    await second.close();
  });
});

interface Frame {
  event: string;
  data: { timeS?: number; text?: string; to?: string };
}

/** Opens the stream; `next` gives the frames that came. */
async function listen(url: string) {
  const response = await fetch(`${url}/api/stream`);
  const reader = response.body!.getReader();
  const decoder = new TextDecoder();
  let buffer = '';
  const frames = async function* (): AsyncGenerator<Frame> {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      buffer += decoder.decode(value, { stream: true });
      const parts = buffer.split('\n\n');
      buffer = parts.pop()!;
      for (const part of parts) {
        const event = /^event: (.+)$/m.exec(part)?.[1];
        if (event) yield { event, data: JSON.parse(/^data: (.+)$/m.exec(part)![1]!) };
      }
    }
  };
  return { response, frames: frames(), end: () => reader.cancel() };
}

describe('the stream', () => {
  it('begins with what happened before, then brings what happens', async () => {
    const { server, url } = await serve();
    server.pushEvent(transition('DISARMED', 'HOLD'));
    server.pushTelemetry(telemetry({ timeS: 5 }));
    const { response, frames, end } = await listen(url);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect((await frames.next()).value).toMatchObject({ event: 'event', data: { to: 'HOLD' } });
    expect((await frames.next()).value).toMatchObject({ event: 'telemetry', data: { timeS: 5 } });
    server.pushTelemetry(telemetry({ timeS: 6 }));
    server.pushEvent({ text: 'now' });
    expect((await frames.next()).value.data.timeS).toBe(6);
    expect((await frames.next()).value.data.text).toBe('now');
    await end();
  });

  it('to a browser that does not read keeps the newest picture and every event, and little memory', async () => {
    const { server, url } = await serve();
    const { frames, end } = await listen(url);
    const wide = 'x'.repeat(20_000);
    // 80 MB in all: far more than the sockets' buffers take.
    for (let i = 0; i < 4000; i++) {
      server.pushTelemetry(telemetry({ timeS: i, detail: wide }));
      if (i % 1000 === 0) server.pushEvent({ text: `event ${i}` });
      if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(server.unsentBytes).toBeLessThan(2_000_000);
    const seen: number[] = [];
    const events: string[] = [];
    for await (const { event, data } of frames) {
      if (event === 'event') events.push(data.text!);
      else seen.push(data.timeS!);
      if (seen.at(-1) === 3999) break;
    }
    expect(seen.length).toBeLessThan(2000);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(events).toEqual(['event 0', 'event 1000', 'event 2000', 'event 3000']);
    await end();
  });

  it('is for 16 pages at once', async () => {
    const { url } = await serve();
    const streams = await Promise.all(Array.from({ length: 16 }, () => listen(url)));
    expect((await fetch(`${url}/api/stream`)).status).toBe(503);
    await streams[0]!.end();
    await expect.poll(async () => (await listen(url)).response.status, { timeout: 10_000 }).toBe(200);
  });

  it('ends when the server closes, and the server closes although pages are open', async () => {
    const { server, url } = await serve();
    const { frames } = await listen(url);
    await server.close();
    await expect(
      frames.next().then(
        (r) => r.done,
        () => true,
      ),
    ).resolves.toBe(true);
  });
});
