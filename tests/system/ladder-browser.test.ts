import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { END_OF_LADDER } from '../../src/console/ladder-page.ts';
import { ConsoleServer } from '../../src/console/server.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { CHROMIUM, noChromium } from '../interop/peers.ts';

const why = noChromium();

describe.skipIf(why !== '')(`the ladder in a browser${why}`, () => {
  let browser: Browser;
  let page: Page;
  let server: ConsoleServer;
  let url: string;
  let faults: string[];

  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: CHROMIUM!,
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
    });
    server = new ConsoleServer({ host: '127.0.0.1', port: 0, title: 'peg' });
    ({ url } = await server.listen());
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  beforeEach(async () => {
    faults = [];
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (line) => {
      if (line.type() === 'error') faults.push(line.text());
    });
    await page.goto(`${url}/ladder`);
  });
  afterEach(async () => {
    await page.close();
    expect(faults).toEqual([]);
  });

  const mode = () => page.textContent('#mode');
  const press = (kind: string) => page.click(`button[data-kind=${kind}]:not([data-stale])`);
  const flip = (flag: string) => page.click(`label.flag:has(#flag-${flag})`);
  const risk = (value: number) => page.fill('#risk', String(value));
  const answer = () => page.textContent('#answer');
  const state = async () => {
    const cells = await page.$$eval('#state > *', (all) => all.map((e) => e.textContent ?? ''));
    return Object.fromEntries(cells.flatMap((name, i) => (i % 2 === 0 ? [[name, cells[i + 1]!]] : [])));
  };
  /** So many ticks of 10 ms. */
  const ticks = async (n: number) => {
    for (; n >= 10; n -= 10) await page.click('#ticks');
    for (; n > 0; n--) await page.click('#tick');
  };
  /** BOOT to ACTIVE: arming, engaging, one tick for the decision and 300 ms of ramp. */
  const activate = async () => {
    await page.click('#boot');
    await press('arm');
    await press('engage');
    await ticks(31);
    expect(await mode()).toBe('ACTIVE');
  };

  it('runs the file that the reflex runs, by its digest', async () => {
    const compiled = readFileSync(join(packageRoot, 'dist/controllers/safety/ladder.js'), 'utf8');
    const digest = createHash('sha256').update(compiled).digest('hex');
    const script = (await page.textContent('script'))!;
    const served = script.split(`\n${END_OF_LADDER}\n`)[0]!;
    expect(createHash('sha256').update(served).digest('hex')).toBe(digest);
    expect(await page.textContent('#digest')).toBe(digest);
  });

  it('goes from boot to ACTIVE by arming, engaging, a decision and the ramp, and not a tick earlier', async () => {
    expect(await mode()).toBe('BOOT');
    await press('arm');
    expect(await answer()).toBe('arm refused: arm needs DISARMED, the mode is BOOT');
    await page.click('#boot');
    expect(await mode()).toBe('DISARMED');
    await press('arm');
    await press('engage');
    await ticks(30);
    expect(await mode()).toBe('ENGAGING');
    await ticks(1);
    expect(await mode()).toBe('ACTIVE');
    expect(await state()).toMatchObject({ epoch: '3', incident: '0', 'recoveries left': '5 of 5' });
    expect(await page.$$eval('.rung[aria-current=step]', (all) => all.map((e) => e.textContent))).toEqual(['ACTIVE']);
    expect(await page.$$eval('#events b', (all) => all.map((e) => e.textContent))).toEqual([
      ...['ACTIVE', 'ENGAGING', 'HOLD', 'DISARMED'],
    ]);
  });

  it('stops for a stale state, latches, and takes only the reset of the present incident, once all is clear', async () => {
    await activate();
    await flip('stale');
    expect(await mode()).toBe('ACTIVE');
    await ticks(1);
    expect(await mode()).toBe('STOPPING');
    expect(await page.textContent('#events li:first-child')).toContain(
      'state_stale: newest robot state is 80 ms old, allowed 50 ms · #1',
    );
    await ticks(11);
    expect(await mode()).toBe('STOPPED');
    await page.click('button[data-stale]');
    expect(await answer()).toBe('reset #0 refused: incident 0 is not the present one, 1');
    await press('reset');
    expect(await answer()).toBe('reset #1 refused: not clear: state_stale');
    await flip('stale');
    await ticks(20);
    expect(await mode()).toBe('STOPPED');
    await press('reset');
    expect(await mode()).toBe('DISARMED');
  });

  it('recovers from risk until it is low for its dwell, five times, and then stops', async () => {
    await activate();
    for (let left = 4; left >= 0; left--) {
      await risk(0.8);
      await ticks(1);
      expect(await mode()).toBe('RECOVERY');
      expect((await state())['recoveries left']).toBe(`${left} of 5`);
      // Between the thresholds it neither begins nor ends.
      await risk(0.5);
      await ticks(20);
      expect(await mode()).toBe('RECOVERY');
      await risk(0.2);
      await ticks(11);
      expect(await mode()).toBe('ENGAGING');
    }
    await risk(0.8);
    await ticks(1);
    expect(await mode()).toBe('STOPPING');
    expect(await page.textContent('#why')).toBe('recovery_exhausted');
  });

  it('a robot that does not come to rest makes an e-stop of a stop; an e-stop must be released before its reset', async () => {
    await activate();
    await flip('rest');
    await press('stop');
    await ticks(151);
    expect(await mode()).toBe('ESTOP');
    await press('estop');
    await press('reset');
    expect(await answer()).toBe('reset #2 refused: release the e-stop first');
    await press('estop_release');
    await press('reset');
    expect(await mode()).toBe('DISARMED');
  });

  it('a changed link voids the epoch and stops; a fault ends only with the process', async () => {
    await activate();
    await page.click('#link');
    expect(await mode()).toBe('STOPPING');
    expect(await state()).toMatchObject({ epoch: '4', cause: 'link_changed' });
    await flip('fault');
    await ticks(1);
    expect(await mode()).toBe('FAULT');
    await flip('fault');
    await press('reset');
    expect(await answer()).toContain('FAULT ends only with the process');
    await page.click('#restart');
    expect(await mode()).toBe('BOOT');
  });

  it('runs by itself when told, and stands still when paused', async () => {
    await page.selectOption('#speed', '1');
    await page.click('#boot');
    await press('arm');
    await press('engage');
    await page.click('#run');
    await expect.poll(mode, { timeout: 20_000 }).toBe('ACTIVE');
    await page.click('#run');
    const clock = await page.textContent('#clock');
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await page.textContent('#clock')).toBe(clock);
  });

  it.each([
    ['a desk', 1280, 800],
    ['a tablet', 820, 1180],
  ])('fits %s without scrolling sideways, and names every control', async (_, width, height) => {
    await page.setViewportSize({ width, height });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    const names = await page.$$eval('button, label', (all) => all.map((e) => e.textContent?.trim() ?? ''));
    expect(names.length).toBeGreaterThan(20);
    expect(names.filter((name) => name === '')).toEqual([]);
  });
});
