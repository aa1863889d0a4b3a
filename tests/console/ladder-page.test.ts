import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ladder } from '../../src/cli/ladder.ts';
import { END_OF_LADDER, LADDER_FILE, ladderPage, readLadderPage } from '../../src/console/ladder-page.ts';
import { packageRoot } from '../../src/core/paths.ts';

const sha256 = (text: string, as: 'hex' | 'base64') => createHash('sha256').update(text).digest(as);
const script = (html: string) => /<script type="module">([\s\S]*)<\/script>/.exec(html)![1]!;

describe("the ladder's page", () => {
  it('holds the compiled file of the reflex, byte for byte', () => {
    const compiled = readFileSync(join(packageRoot, 'dist/controllers/safety/ladder.js'), 'utf8');
    const { html, digest } = readLadderPage();
    const [served] = script(html).split(`\n${END_OF_LADDER}\n`);
    expect(sha256(served!, 'hex')).toBe(sha256(compiled, 'hex'));
    expect(digest).toBe(sha256(compiled, 'hex'));
    expect(html).toContain(digest);
    // What the reflex loads is what stands there: gate.js imports it by this name.
    expect(readFileSync(join(LADDER_FILE, '../gate.js'), 'utf8')).toMatch(/from ['"]\.\/ladder\.js['"]/);
  });

  it('runs that script and no other, and may ask nobody for anything', () => {
    const { html, policy } = readLadderPage();
    expect(policy).toContain(`script-src 'sha256-${sha256(script(html), 'base64')}'`);
    expect(policy).toContain("default-src 'none'");
    expect(html).not.toMatch(/(src|href)=/);
    // A file has no headers: the same stands in the page.
    expect(html).toContain(`content="default-src 'none'; script-src 'sha256-${sha256(script(html), 'base64')}'`);
  });

  it.each([
    ['imports', "import { x } from './x.js';\n"],
    ['imports later', "const x = await import('./x.js');\n"],
    ['would end the script', "const x = '</script>';\n"],
  ])('is refused for a ladder that %s', (_, text) => {
    expect(() => ladderPage(text)).toThrow(/cannot stand in a page/);
  });
});

describe('reflexarc ladder --html', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ladder-'));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('writes the page, and says so when it cannot', () => {
    const file = join(folder, 'ladder.html');
    expect(ladder(file)).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe(readLadderPage().html);
    expect(() => ladder(join(folder, 'none/ladder.html'))).toThrow(/RA_USAGE.*ENOENT/);
  });
});
