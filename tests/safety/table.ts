import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Reporter, TestCase } from 'vitest/node';
import { packageRoot } from '../../src/core/paths.ts';
import type { Row } from './scenario.ts';

const README = join(packageRoot, 'controllers/safety/README.md');
const BEGIN = '<!-- scenarios: written by `SAFETY_TABLE=write npm run test:safety` -->';
const END = '<!-- end of scenarios -->';
/** How many there are, numbered from 1. */
export const SCENARIOS = 76;

function time({ toSafeMs, real }: Row): string {
  if (toSafeMs === undefined) return '–';
  return real ? `${toSafeMs.toFixed(0)} real` : `${toSafeMs} stepped`;
}

const line = (row: Row): string =>
  `| ${row.number} | ${row.title.replaceAll('|', '/')} | ${row.outcome.replaceAll('|', '/')} | ${time(row)} | ${row.layer} |`;

/** For a reader of one run: also what had to be shown again. What is kept says nothing of it. */
const told = (row: Row): string =>
  line(row.retries ? { ...row, outcome: `${row.outcome} (retries: ${row.retries})` } : row);

/** Real times differ from run to run, and the formatter pads columns: the tables are compared without either. */
const settled = (text: string): string[] =>
  text
    .replace(/\d+ real /g, 'real ')
    .split('\n')
    .filter((l) => !/^[| -]*$/.test(l))
    .map((l) => l.replace(/\s+/g, ' '));

const headed = (lines: readonly string[]): string =>
  ['| # | scenario | outcome | ms to safe | shown at |', '|---|---|---|---|---|', ...lines].join('\n');

/** The line that a table has of a row's scenario, whatever it came to there; none: ''. */
const lineIn = (known: string, { number, title, layer }: Row): string =>
  known.split('\n').find((l) => {
    const [, n, what, ...rest] = l.split('|').map((cell) => cell.trim());
    return Number(n) === number && what === title.replaceAll('|', '/') && rest.at(-2) === layer;
  }) ?? '';

/**
 * What the scenarios came to, held against the table that is kept: `shown` for a reader of this run; `kept`, in which a scenario
 * that cannot be played here stays as it was known; `missing`, numbers without a test that passed or could not be played;
 * and `differs`, what is not so in the one or the other.
 */
export function hold(rows: readonly Row[], known: string) {
  const kept = headed(rows.map((row) => (row.unplayed ? lineIn(known, row) : line(row))).filter((l) => l !== ''));
  const was = settled(known);
  const is = settled(kept);
  return {
    shown: headed(rows.map(told)),
    kept,
    missing: Array.from({ length: SCENARIOS }, (_, i) => i + 1).filter((n) => !rows.some((r) => r.number === n)),
    differs: [
      ...is.filter((l) => !was.includes(l)).map((l) => `not so in the README: ${l}`),
      ...was.filter((l) => !is.includes(l)).map((l) => `only in the README: ${l}`),
    ],
  };
}

/**
 * Vitest reporter of `npm run test:safety`: gathers what the scenarios came to, prints the table, and holds it against the
 * one in controllers/safety/README.md. One that passed only when it was retried says how often. A scenario that is missing or came to something else fails the run; one that cannot
 * be played on this machine says so and fails nothing. SAFETY_TABLE=write puts the new table there instead.
 */
export default class SafetyTable implements Reporter {
  readonly #rows: Row[] = [];
  readonly #failed: string[] = [];

  onTestCaseResult(test: TestCase): void {
    const { row } = test.meta() as { row?: Row };
    const { state } = test.result();
    if (row !== undefined && (state === 'passed' || (state === 'skipped' && row.unplayed)))
      this.#rows.push({ ...row, retries: test.diagnostic()?.retryCount ?? 0 });
    else if (state === 'failed') this.#failed.push(test.name);
  }

  onTestRunEnd(): void {
    const order = (a: Row, b: Row) =>
      a.number - b.number || a.layer.localeCompare(b.layer) || (a.title < b.title ? -1 : 1);
    const readme = readFileSync(README, 'utf8');
    const from = readme.indexOf(BEGIN) + BEGIN.length;
    const to = readme.indexOf(END);
    const { shown, kept, missing, differs } = hold(this.#rows.sort(order), readme.slice(from, to).trim());
    console.log(`\n${shown}\n`);
    if (missing.length > 0) this.#fail(`scenarios without a passing test: ${missing.join(', ')}`);
    if (this.#failed.length > 0) this.#fail(`failed: ${this.#failed.join('; ')}`);
    if (process.env.SAFETY_TABLE === 'write' && missing.length === 0) {
      writeFileSync(README, `${readme.slice(0, from)}\n\n${kept}\n\n${readme.slice(to)}`);
      execFileSync('npx', ['biome', 'format', '--write', README]);
      console.log(`written into ${README}`);
    } else for (const difference of differs) this.#fail(difference);
  }

  #fail(why: string): void {
    console.error(`scenarios: ${why}`);
    process.exitCode = 1;
  }
}
