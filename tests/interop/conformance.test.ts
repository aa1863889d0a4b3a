import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import { claims, claimsIn, table, withTables } from './conformance.ts';

const README = join(packageRoot, 'bridges/README.md');

describe('the conformance table', () => {
  it('in bridges/README.md is what the tests claim (`npm run conformance` writes it)', () => {
    const readme = readFileSync(README, 'utf8');
    const wanted = withTables(readme, claims());
    if (process.env.CONFORMANCE === 'write') writeFileSync(README, wanted);
    else expect(readme).toBe(wanted);
  });

  it.each(['server', 'foxglove'] as const)('has no op or option of the %s without a test', (side) => {
    expect(table(side, claims())).toContain('Without a test: none.');
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
