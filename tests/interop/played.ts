/**
 * Which test plays which odd behaviour, read from the sources of the tests. A test says it by a literal call:
 *
 *     it('that breaks its JSON off is read on', async () => {
 *       plays('client', 'frame.broken');
 *       …
 *     });
 *
 * and a test of many cases by `plays('server', { 'op.unknown': 'the name of the case' })`. The names of tests come from
 * where the call stands, so that no table can name one that there is not; a case that is not in the file, a counter that
 * the test does not look at and a report that it does not ask for are errors.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { packageRoot } from '../../src/core/paths.ts';
import { ODDITIES, type Oddity, type OddityOf, type OddSide } from './oddities.ts';

/** Marks the test that it stands in. */
export function plays<S extends OddSide>(
  _side: S,
  _what: OddityOf<S> | readonly OddityOf<S>[] | Readonly<Partial<Record<OddityOf<S>, string>>>,
): void {}

export interface Played {
  side: OddSide;
  oddity: string;
  file: string;
  /** With the names of what it stands in; of many cases, the one. */
  test: string;
}

/**
 * The claims in the text of a test.
 * @throws Error for one that is not literal, not in a test, of no known oddity or case, or whose test does not look at
 * the counter and the report of its row
 */
export function playedIn(text: string, file: string): Played[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: Played[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 'plays')
      found.push(...claimsOf(node, source, file));
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function claimsOf(call: ts.CallExpression, source: ts.SourceFile, file: string): Played[] {
  const where = `${file}:${source.getLineAndCharacterOfPosition(call.getStart()).line + 1}`;
  const [side, what] = call.arguments;
  const { names, body, around } = testOf(call);
  if (side === undefined || !ts.isStringLiteral(side) || !Object.hasOwn(ODDITIES, side.text))
    throw new Error(`${where}: plays what nobody is: ${side?.getText()}`);
  if (names.length === 0) throw new Error(`${where}: plays stands in no test`);
  const rows: Readonly<Record<string, Oddity>> = ODDITIES[side.text as OddSide];
  return literalsOf(what, where).map(([oddity, ofCase]) => {
    const row = rows[oddity];
    if (row === undefined) throw new Error(`${where}: oddities.ts has no '${oddity}' for the ${side.text}`);
    const given = ofCase === null ? '' : caseIn(source, ofCase, where);
    const looksAt = `${body}${given}`;
    const missing = wantedOf(row).filter((wanted) => !looksAt.includes(wanted));
    if (!REPORTED[side.text as OddSide](row).test(body)) missing.push('what is said of it');
    if (side.text === 'client' && !SEES_COMMANDS.test(body + around)) missing.push('commands that are old');
    if (missing.length > 0)
      throw new Error(`${where}: the test of '${oddity}' does not look at ${missing.join(' and ')}`);
    const test = [...names.slice(0, -1).map((name) => named(name, null)), named(names.at(-1)!, ofCase)].join(' ');
    return { side: side.text as OddSide, oddity, file, test };
  });
}

/** A test of a server says that no old command came, by what all of them use or by the refusals that it counts. */
const SEES_COMMANDS = /nothingOldIsSent\(|commandsRefused|world\.(?:commands|stays)|rig\.wire/;

const LOGGED = /\b(?:logged|lines|statuses|told)\b/;
/** A server logs what it refuses; a connection of the link that is lost is told by the link. What is dropped is only shown. */
const ofServer = ({ counted }: Oddity) => (/^refused|^turnedAway/.test(counted ?? '') ? LOGGED : /^/);
const REPORTED: Record<OddSide, (row: Oddity) => RegExp> = {
  client: ({ counted, said }) => (counted === 'lost' && said === undefined ? /\blinks\b/ : /^/),
  server: ofServer,
  foxglove: ofServer,
};

/** What stands in the text of a test that looks at the counter and the report of a row. */
const wantedOf = ({ counted, said }: Oddity): string[] => [
  ...(counted === null ? [] : counted === 'refused of send' ? ['refused'] : counted.split('.')),
  ...(said === undefined ? [] : [said]),
];

/** What a test is called for one of its cases. */
const named = (name: string, ofCase: string | null) =>
  ofCase === null
    ? name.replace(/%s/, '…')
    : /%s|\$\w+/.test(name)
      ? name.replace(/%s|\$\w+/, ofCase)
      : `${name}: ${ofCase}`;

/** Names from the outermost `describe` to the `it`, the text of that, and what runs after each test around it. */
function testOf(call: ts.Node): { names: string[]; body: string; around: string } {
  const names: string[] = [];
  let [body, around] = ['', ''];
  for (let node = call.parent; node !== undefined; node = node.parent) {
    if (ts.isBlock(node) || ts.isSourceFile(node))
      for (const { text } of node.statements.map((s) => ({ text: s.getText() })))
        if (text.startsWith('afterEach(')) around += text;
    if (!ts.isCallExpression(node)) continue;
    const what = /^(it|describe|scenario)\b/.exec(node.expression.getText())?.[1];
    const [first, second] = node.arguments;
    const name = what === 'scenario' ? second : first;
    if (what === undefined || name === undefined || !ts.isStringLiteralLike(name)) continue;
    if (what !== 'describe') body = node.getText();
    else if (body === '') continue;
    names.unshift(what === 'scenario' ? `scenario ${first!.getText()}: ${name.text}` : name.text);
  }
  return { names, body, around };
}

function literalsOf(what: ts.Expression | undefined, where: string): [oddity: string, ofCase: string | null][] {
  if (what !== undefined && ts.isStringLiteral(what)) return [[what.text, null]];
  if (what !== undefined && ts.isArrayLiteralExpression(what) && what.elements.every((e) => ts.isStringLiteral(e)))
    return what.elements.map((e) => [(e as ts.StringLiteral).text, null]);
  if (what !== undefined && ts.isObjectLiteralExpression(what))
    return what.properties.map((p) => {
      if (!ts.isPropertyAssignment(p) || !ts.isStringLiteral(p.initializer) || !ts.isStringLiteral(p.name))
        throw new Error(`${where}: plays is not made of literals`);
      return [p.name.text, p.initializer.text];
    });
  throw new Error(`${where}: plays is not made of literals`);
}

/** The text of the row of cases that begins with the name. */
function caseIn(source: ts.SourceFile, name: string, where: string): string {
  let row: string | null = null;
  const visit = (node: ts.Node): void => {
    const { parent } = node;
    if (ts.isStringLiteral(node) && node.text === name) {
      if (ts.isArrayLiteralExpression(parent)) row ??= parent.getText();
      else if (ts.isPropertyAssignment(parent) && parent.name.getText() === 'input') row ??= parent.parent.getText();
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  if (row === null) throw new Error(`${where}: there is no case '${name}'`);
  return row;
}

/** All claims of the tests. */
export function played(): Played[] {
  return readdirSync(join(packageRoot, 'tests'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts') && entry.name !== 'conformance.test.ts')
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .flatMap((file) => {
      const text = readFileSync(file, 'utf8');
      return text.includes('plays(') ? playedIn(text, file.slice(packageRoot.length + 1)) : [];
    });
}

/** A table as Markdown, a line each, as the formatter has it. */
export function aligned(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i]!.length)));
  const line = (cells: readonly string[]) => `| ${cells.map((text, i) => text.padEnd(widths[i]!)).join(' | ')} |`;
  return [line(head), line(widths.map((w) => '-'.repeat(w))), ...rows.map(line)];
}

const cell = (text: string) => text.replaceAll('|', '\\|');

/** The table of one side, as Markdown: a row for each odd behaviour, and the tests that play it. */
export function oddities(side: OddSide, all: readonly Played[]): string {
  const rows = Object.entries<Oddity>(ODDITIES[side]).map(([oddity, { peer, ours, counted, said }]) => {
    const tests = all.filter((p) => p.side === side && p.oddity === oddity);
    const report = [counted && `\`${counted}\``, said && `\`${said}\``].filter(Boolean).join(', ') || 'no fault';
    const by = tests.map(({ file, test }) => `${test} (\`${file.slice(file.indexOf('/') + 1)}\`)`);
    return { oddity, cells: [peer, ours, report, by.join('<br>') || '**none**'].map(cell) };
  });
  const without = rows.filter(({ cells }) => cells[3] === '**none**').map(({ oddity }) => `\`${oddity}\``);
  return [
    ...aligned(
      ['the peer', 'what we do', 'counted, said', 'test'],
      rows.map(({ cells }) => cells),
    ),
    '',
    without.length === 0 ? 'Not played: none.' : `Not played: ${without.join(', ')}.`,
  ].join('\n');
}
