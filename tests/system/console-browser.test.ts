import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ConsoleServer } from '../../src/console/server.ts';
import type { OperatorRequest } from '../../src/core/signals.ts';
import { telemetry, transition } from '../console/telemetry.ts';
import { CHROMIUM, noChromium } from '../interop/peers.ts';

const why = noChromium();

describe.skipIf(why !== '')(`the console in a browser${why}`, () => {
  let browser: Browser;
  let page: Page;
  let server: ConsoleServer;
  let url: string;
  let asked: OperatorRequest[];
  let answer: { accepted: boolean; reason: string };
  let faults: string[];
  let feed: ReturnType<typeof setInterval>;
  let state: Parameters<typeof telemetry>[0];
  let ticks: number;

  beforeAll(async () => {
    const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync'];
    browser = await chromium.launch({
      executablePath: CHROMIUM!,
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', ...quiet],
    });
  });
  afterAll(() => browser?.close());

  beforeEach(async () => {
    [asked, faults, state, ticks] = [[], [], {}, 0];
    answer = { accepted: true, reason: '' };
    server = new ConsoleServer({ host: '127.0.0.1', port: 0, title: 'peg' });
    server.onRequest(async (request) => {
      asked.push(request);
      return answer;
    });
    ({ url } = await server.listen());
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (line) => {
      if (line.type() === 'error') faults.push(line.text());
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(url)) faults.push(`asks ${request.url()}`);
    });
    feed = setInterval(() => server.pushTelemetry(telemetry({ timeS: ++ticks / 20, ...state })), 50);
  });
  afterEach(async () => {
    clearInterval(feed);
    await page.close();
    await server.close();
  });

  const mode = (name: string) => expect.poll(() => page.textContent('#mode'), { timeout: 10_000 }).toBe(name);
  const button = (name: string | RegExp) => page.getByRole('button', { name });
  const enabled = () =>
    page.$$eval('button:not([disabled])', (all) => all.map((b) => b.getAttribute('data-kind')).sort());

  it('shows mode, reason and incident with its value beside its limit, and lights the one rung', async () => {
    server.pushEvent(
      transition('ACTIVE', 'STOPPING', {
        cause: 'force_limit',
        detail: 'force too high',
        value: 31.4,
        limit: 30,
        incident: 3,
      }),
    );
    state = { mode: 'STOPPED', cause: 'force_limit', detail: 'the robot is at rest', incident: 3 };
    await page.goto(url);
    await mode('STOPPED');
    expect(await page.textContent('#why')).toBe('the robot is at rest');
    expect(await page.textContent('#incident-name')).toMatch(/^last incident #3 · force_limit · \d\d:\d\d:\d\d$/);
    expect(await page.textContent('#incident-why')).toBe('31.4, allowed 30');
    expect(await page.$$eval('.rung[aria-current=step]', (all) => all.map((e) => e.textContent))).toEqual(['STOPPED']);
    expect(await page.textContent('#events li:first-child')).toContain(
      'force_limit: force too high (31.4, allowed 30)',
    );
    expect(faults).toEqual([]);
  });

  it('every mode has a shape of its own, and its kind of mode a colour', async () => {
    await page.goto(url);
    const shapes = new Set<string | null>();
    const colours: Record<string, string[]> = {};
    const colour = () => page.evaluate<string>("getComputedStyle(document.getElementById('banner')).backgroundColor");
    const modes = [
      'BOOT',
      'DISARMED',
      'HOLD',
      'ENGAGING',
      'ACTIVE',
      'RECOVERY',
      'STOPPING',
      'STOPPED',
      'ESTOP',
      'FAULT',
    ];
    for (const name of modes) {
      state = { mode: name as never };
      await mode(name);
      shapes.add(await page.getAttribute('#shape-path', 'd'));
      const seen = await colour();
      colours[seen] = [...(colours[seen] ?? []), name];
      expect(
        await page.evaluate("getComputedStyle(document.querySelector('.rung[aria-current]')).backgroundColor"),
      ).toBe(seen);
    }
    expect(shapes.size).toBe(10);
    // At rest, held, under way, on its way out, stopped, broken.
    expect(Object.values(colours).map((names) => names.join(' '))).toEqual([
      ...['BOOT DISARMED', 'HOLD', 'ENGAGING ACTIVE', 'RECOVERY STOPPING', 'STOPPED ESTOP', 'FAULT'],
    ]);
  });

  it('enables what the mode admits, and stop always', async () => {
    await page.goto(url);
    const admitted: [string, string[]][] = [
      ['DISARMED', ['arm', 'stop']],
      ['HOLD', ['disarm', 'engage', 'stop']],
      ['ACTIVE', ['disengage', 'stop']],
      ['STOPPED', ['reset', 'stop']],
      ['ESTOP', ['estop_release', 'reset', 'stop']],
      ['FAULT', ['stop']],
    ];
    for (const [name, kinds] of admitted) {
      state = { mode: name as never };
      await mode(name);
      await expect.poll(enabled).toEqual(kinds);
    }
  });

  it('a click reaches the handler; a refusal is shown with its reason', async () => {
    await page.goto(url);
    await mode('DISARMED');
    await button(/^Arm/).click();
    await expect.poll(() => asked).toEqual([{ kind: 'arm' }]);
    await expect.poll(() => page.textContent('#answer')).toBe('arm accepted');
    answer = { accepted: false, reason: 'not clear: no fresh state' };
    await button(/^Arm/).click();
    await expect.poll(() => page.textContent('#answer')).toBe('arm refused: not clear: no fresh state');
  });

  it('reset answers the incident that is on the screen', async () => {
    state = { mode: 'STOPPED', incident: 7 };
    await page.goto(url);
    await mode('STOPPED');
    expect(await page.textContent('button[data-kind=reset] b')).toBe('Reset #7');
    await button(/^Reset/).click();
    await expect.poll(() => asked).toEqual([{ kind: 'reset', incident: 7 }]);
  });

  it('space and escape stop once each, even with another button in focus, and do not press that button', async () => {
    await page.goto(url);
    await mode('DISARMED');
    await button(/^Arm/).focus();
    await page.keyboard.press('Space');
    await page.keyboard.press('Escape');
    await expect.poll(() => asked.length).toBe(2);
    await expect.poll(() => page.textContent('#answer')).toBe('stop accepted');
    await button(/^STOP/).click();
    await expect.poll(() => asked).toEqual([{ kind: 'stop' }, { kind: 'stop' }, { kind: 'stop' }]);
  });

  it('goes on when numbers are missing, and says that it does not know them', async () => {
    const bad = Number.NaN;
    const joint = { name: 'j', position: bad, velocity: bad, effort: bad, limits: [-1, 1] as [number, number] };
    state = { force: bad, risk: bad, pose: [bad, bad, bad, 0, 0, 0, 1], setpoint: [], joints: [joint] };
    state = { ...state, target: { estimate: [bad, bad, bad], referenceLimit: 0.01 }, brain: { up: true, ageMs: bad } };
    await page.goto(url);
    await mode('DISARMED');
    await expect.poll(() => page.textContent('#risk-now')).toContain('not judged');
    expect(await page.textContent('#side')).toBe('no pose');
    state = { mode: 'FAULT' };
    await mode('FAULT');
    expect(faults).toEqual([]);
  });

  it('says since when there is no data, greys what is old, leaves stop enabled, and comes back by itself', async () => {
    state = { mode: 'ACTIVE' };
    await page.goto(url);
    await mode('ACTIVE');
    await expect.poll(() => page.isVisible('#lost')).toBe(false);
    clearInterval(feed);
    await expect.poll(() => page.textContent('#lost'), { timeout: 10_000 }).toMatch(/^No data since \d\d:\d\d:\d\d/);
    expect(await page.textContent('#mode')).toBe('ACTIVE?');
    expect(await button(/^STOP/).isEnabled()).toBe(true);
    // The daemon is started anew on the same port, and its time begins again.
    const port = Number(new URL(url).port);
    await server.close();
    await button(/^STOP/).click();
    await expect.poll(() => page.textContent('#answer')).toMatch(/^stop was NOT delivered/);
    server = new ConsoleServer({ host: '127.0.0.1', port, title: 'peg' });
    await server.listen();
    ticks = 0;
    feed = setInterval(() => server.pushTelemetry(telemetry({ timeS: ++ticks / 20, mode: 'DISARMED' })), 50);
    await expect.poll(() => page.textContent('#mode'), { timeout: 30_000 }).toBe('DISARMED');
    await expect.poll(() => page.isVisible('#lost')).toBe(false);
  });

  it.each([
    ['a desk', 1280, 800],
    ['a tablet', 820, 1180],
  ])('fits %s without scrolling sideways, with stop in sight', async (_, width, height) => {
    await page.setViewportSize({ width, height });
    await page.goto(url);
    await mode('DISARMED');
    await page.mouse.wheel(0, 10_000);
    // A string, because the tests are compiled without the types of a browser.
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    const { y: top } = (await button(/^STOP/).boundingBox())!;
    expect(top).toBeGreaterThanOrEqual(0);
    expect(top).toBeLessThan(height / 2);
  });

  it('names every control', async () => {
    await page.goto(url);
    await mode('DISARMED');
    const names = await page.$$eval('button', (all) => all.map((b) => b.textContent?.trim() ?? ''));
    expect(names.length).toBe(7);
    expect(names.filter((name) => name === '')).toEqual([]);
    expect(
      await page.$$eval('svg[role=img], [role=img]', (all) => all.every((e) => e.getAttribute('aria-label'))),
    ).toBe(true);
  });
});
