import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import { claims, claimsIn, ODD_SIDES, table, withTables } from './conformance.ts';
import { oddities, played, playedIn } from './played.ts';

const [allClaims, allPlayed] = [claims(), played()];
const README = join(packageRoot, 'bridges/README.md');

describe('the conformance table', () => {
  it('in bridges/README.md is what the tests claim (`npm run conformance` writes it)', () => {
    const readme = readFileSync(README, 'utf8');
    const wanted = withTables(readme, allClaims, allPlayed);
    if (process.env.CONFORMANCE === 'write') writeFileSync(README, wanted);
    else expect(readme).toBe(wanted);
  });

  it.each(['server', 'client', 'foxglove'] as const)('has no op or option of the %s without a test', (side) => {
    expect(table(side, allClaims)).toContain('Without a test: none.');
  });

  it('reads one feature or several, by one means or several', () => {
    const found = claimsIn(
      `covers('server', 'publish', 'raw');
       covers('client', ['png.in', 'publish.uint8[]'], 'unit', 'hostile');`,
      'a.test.ts',
    );
    expect(found.map((c) => `${c.side} ${c.feature} ${c.means}`)).toEqual([
      'server publish raw',
      'client png.in unit',
      'client png.in hostile',
      'client publish.uint8[] unit',
      'client publish.uint8[] hostile',
    ]);
  });

  it('refuses a claim of what does not exist, and one that cannot be read', () => {
    expect(() => claimsIn(`covers('server', 'dance', 'raw')`, 'a.test.ts')).toThrow(/a\.test\.ts.*dance/);
    expect(() => claimsIn(`covers('foxglove', 'publish', 'raw')`, 'a.test.ts')).toThrow(/publish/);
    expect(() => claimsIn(`covers('server', 'publish', 'rumour')`, 'a.test.ts')).toThrow(/rumour/);
    expect(() => claimsIn(`covers(side, 'publish', 'raw')`, 'a.test.ts')).toThrow(/1 of 1/);
  });

  it('ticks what a test covers, and names what none does', () => {
    const text = table('server', claimsIn(`covers('server', 'publish', 'raw')`, 'a.test.ts'));
    expect(text).toMatch(/\| `publish` +\| +\| ✓ +\|/);
    const [, untested] = text.split('Without a test: ');
    expect(untested).toContain('`subscribe`');
    expect(untested).not.toContain('`publish`,');
  });
});

describe('the table of odd behaviour', () => {
  const inTest = (
    call: string,
    body = 'expect(counters.malformed).toBe(1); RA_MESSAGE_MALFORMED; nothingOldIsSent()',
  ) => `describe('a server', () => { it('that breaks off', async () => { ${call}; ${body} }); });`;
  const reading = (text: string) => () => playedIn(text, 'tests/a.test.ts');

  it.each(ODD_SIDES)('has no row of the %s that no test plays', (side) => {
    expect(oddities(side, allPlayed)).toContain('Not played: none.');
  });

  it('names the test that a claim stands in', () => {
    expect(playedIn(inTest(`plays('client', 'frame.broken')`), 'tests/a.test.ts')).toEqual([
      { side: 'client', oddity: 'frame.broken', file: 'tests/a.test.ts', test: 'a server that breaks off' },
    ]);
  });

  it('names the case of a test of many', () => {
    const text = `it.each([['half a frame', 'not_json']])('a client that sends %s is told', () => {
      plays('server', { 'frame.broken': 'half a frame' }); refused; logged; });`;
    expect(playedIn(text, 'tests/a.test.ts')[0]!.test).toBe('a client that sends half a frame is told');
    expect(reading(text.replace(`'half a frame', `, `'whole', `))).toThrow(/there is no case 'half a frame'/);
  });

  it('refuses a claim of no row, of no test, not made of literals, or whose test does not look at the counter', () => {
    expect(reading(inTest(`plays('client', 'dance')`))).toThrow(/a\.test\.ts:1.*dance/);
    expect(reading(`plays('client', 'frame.broken');`)).toThrow(/stands in no test/);
    expect(reading(inTest(`plays('client', what)`))).toThrow(/literals/);
    expect(reading(inTest(`plays('client', 'frame.broken')`, 'RA_MESSAGE_MALFORMED'))).toThrow(/look at malformed/);
    expect(reading(inTest(`plays('server', 'frame.broken')`, 'refused.not_json'))).toThrow(
      /look at what is said of it/,
    );
    expect(reading(inTest(`plays('client', 'link.states')`, 'lost; nothingOldIsSent()'))).toThrow(/what is said of it/);
    expect(reading(inTest(`plays('client', 'frame.broken')`, 'malformed'))).toThrow(
      /look at RA_MESSAGE_MALFORMED and commands that are old/,
    );
  });

  it('says which row nothing plays', () => {
    const text = oddities('client', playedIn(inTest(`plays('client', 'frame.broken')`), 'tests/a.test.ts'));
    expect(text).toMatch(/\| a server that breaks off \(`a\.test\.ts`\) +\|/);
    const [, missing] = text.split('Not played: ');
    expect(missing).toContain('`frame.several`');
    expect(missing).not.toContain('`frame.broken`');
  });
});
