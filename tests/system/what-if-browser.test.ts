import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadRun } from '../../src/core/config/load.ts';
import { CHROMIUM, noChromium } from '../interop/peers.ts';
import { LoggedRun } from '../logs/logged-run.ts';
import { cli, RUN_FILE } from './harness.ts';

const why = noChromium();

describe.skipIf(why !== '')(`the report of a counterfactual in a browser${why}`, () => {
  const dir = mkdtempSync(join(tmpdir(), 'reflexarc-what-if-'));
  const html = join(dir, 'what-if.html');
  let browser: Browser;
  const faults: string[] = [];
  const asked: string[] = [];

  const open = async (colorScheme: 'light' | 'dark', hash = ''): Promise<Page> => {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, colorScheme });
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(`file://${html}${hash}`);
    return page;
  };

  beforeAll(async () => {
    const log = join(dir, 'log.mcap');
    await LoggedRun.record(log, loadRun(RUN_FILE).config, { seconds: 6, relinkAtS: 3 });
    const sets = ['safety.force_limit=1', 'safety.force_soft=0.9', 'safety.stiffness=[10, 20]'];
    const { code, stdout } = await cli(['replay', log, '--html', html, ...sets.flatMap((set) => ['--set', set])]);
    expect([code, stdout]).toEqual([0, expect.stringContaining(`report  ${html}`)]);
    browser = await chromium.launch({ executablePath: CHROMIUM!, args: ['--no-sandbox', '--disable-gpu'] });
  });
  beforeEach(() => {
    faults.length = 0;
    asked.length = 0;
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  it('opens offline: the summary of both, the loop that is open, every time line, each place', async () => {
    const page = await open('light');
    const row = await page.locator('#summary tr', { hasText: 'stops: force_limit' }).locator('td').allTextContents();
    expect([row[0], row[1]]).toEqual(['stops: force_limit', '0']);
    expect(Number(row[2])).toBeGreaterThan(0);
    expect(await page.textContent('.note')).toContain('the robot did not follow the other commands');
    // Mode, distance, risk, residual, and four elements of the pose and its stiffness.
    expect(await page.locator('.uplot').count()).toBe(8);
    expect(await page.locator('#first button').count()).toBe(1);
    expect(await page.locator('#interventions .gained').count()).toBeGreaterThan(0);
    expect(asked).toEqual([`file://${html}`]);
    expect(faults).toEqual([]);
    await page.close();
  });

  it('a difference is a place to jump to: the lines zoom there, and why it is one is told', async () => {
    const page = await open('dark');
    const place = page.locator('#stretches button', { hasText: 'the ladder goes to STOPPING (force_limit' }).first();
    const [fromS] = /^[\d.]+/.exec((await place.textContent())!)!;
    await place.click();
    await page.locator('#word', { hasText: 'would be: STOPPING' }).waitFor();
    expect(await page.textContent('#word')).toMatch(
      new RegExp(`^from ${fromS} to .*force_limit.*\nin the log: \\w+, .*\nwould be: STOPPING`),
    );
    expect(page.url()).toContain(`#t=${fromS}`);
    await page.keyboard.press('ArrowRight');
    expect(await page.locator('[aria-current=true]').count()).toBe(1);
    expect(page.url()).not.toContain(`#t=${fromS}`);
    const back = await page.evaluate('getComputedStyle(document.documentElement).colorScheme');
    expect(back).toBe('light dark');
    await page.close();
    const again = await open('light', `#t=${fromS}`);
    await again.locator('#stretches [aria-current=true]').waitFor();
    expect(faults).toEqual([]);
    await again.close();
  });
});
