import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadRun } from '../../src/core/config/load.ts';
import { CHROMIUM, noChromium } from '../interop/peers.ts';
import { LoggedRun } from '../logs/logged-run.ts';
import { cli, RUN_FILE } from './harness.ts';

const why = noChromium();

describe.skipIf(why !== '')(`the report of a log in a browser${why}`, () => {
  const dir = mkdtempSync(join(tmpdir(), 'reflexarc-report-'));
  const html = join(dir, 'report.html');
  let browser: Browser;
  let page: Page;
  const faults: string[] = [];
  const asked: string[] = [];

  beforeAll(async () => {
    const log = join(dir, 'log.mcap');
    await LoggedRun.record(log, loadRun(RUN_FILE).config, { seconds: 6, relinkAtS: 3 });
    const { code, stdout } = await cli(['inspect', log, '--html', html]);
    expect([code, stdout]).toEqual([0, expect.stringContaining('link_changed 1')]);
    browser = await chromium.launch({ executablePath: CHROMIUM!, args: ['--no-sandbox', '--disable-gpu'] });
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(`file://${html}`);
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  it('opens offline, draws every time line, and lists each incident', async () => {
    expect(await page.locator('.uplot').count()).toBe(9);
    const places = await page.locator('#places button').allTextContents();
    expect(places.filter((text) => text.includes('STOPPING'))).toHaveLength(1);
    expect(asked).toEqual([`file://${html}`]);
    expect(faults).toEqual([]);
  });

  it('an incident is a place to jump to: the lines zoom there, and the gate’s word is shown', async () => {
    await page.locator('#places button.stop').click();
    await page.locator('#word', { hasText: 'STOPPING' }).waitFor();
    expect(await page.textContent('#word')).toMatch(/^at 3\.\d+ s, tick 30\d: .*\(incident 1\)/);
    expect(page.url()).toMatch(/#t=3\.0/);
    await page.keyboard.press('ArrowLeft');
    expect(await page.locator('#places [aria-current=true]').count()).toBeLessThanOrEqual(1);
    expect(faults).toEqual([]);
  });
});
