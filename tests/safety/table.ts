import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Reporter, TestCase } from 'vitest/node';
import { packageRoot } from '../../src/core/paths.ts';
import type { Row } from './scenario.ts';

const README = join(packageRoot, 'controllers/safety/README.md');
const BEGIN = '<!-- scenarios: written by `SAFETY_TABLE=write npm run test:safety` -->';
const END = '<!-- end of scenarios -->';
const SCENARIOS = 76;

function time({ toSafeMs, real }: Row): string {
  if (toSafeMs === undefined) return '–';
  return real ? `${toSafeMs.toFixed(0)} real` : `${toSafeMs} stepped`;
}

const line = (row: Row): string =>
  `| ${row.number} | ${row.title.replaceAll('|', '/')} | ${row.outcome.replaceAll('|', '/')} | ${time(row)} | ${row.layer} |`;

/** Real times differ from run to run, and the formatter pads columns: the tables are compared without either. */
const settled = (text: string): string[] =>
  text
    .replace(/\d+ real /g, 'real ')
    .split('\n')
    .filter((l) => !/^[| -]*$/.test(l))
    .map((l) => l.replace(/\s+/g, ' '));

/**
 * Vitest reporter of `npm run test:safety`: gathers what the scenarios came to, prints the table, and holds it against the
 * one in controllers/safety/README.md. A scenario that is missing or came to something else fails the run;
 * SAFETY_TABLE=write puts the new table there instead.
 */
export default class SafetyTable implements Reporter {
  readonly #rows: Row[] = [];
  readonly #failed: string[] = [];

  onTestCaseResult(test: TestCase): void {
    const { row } = test.meta() as { row?: Row };
    const { state } = test.result();
    if (row !== undefined && state === 'passed') this.#rows.push(row);
    else if (state === 'failed') this.#failed.push(test.name);
  }

  onTestRunEnd(): void {
    const order = (a: Row, b: Row) =>
      a.number - b.number || a.layer.localeCompare(b.layer) || (a.title < b.title ? -1 : 1);
    const rows = this.#rows.sort(order);
    const table = [
      '| # | scenario | outcome | ms to safe | shown at |',
      '|---|---|---|---|---|',
      ...rows.map(line),
    ].join('\n');
    console.log(`\n${table}\n`);
    const missing = Array.from({ length: SCENARIOS }, (_, i) => i + 1).filter((n) => !rows.some((r) => r.number === n));
    if (missing.length > 0) this.#fail(`scenarios without a passing test: ${missing.join(', ')}`);
    if (this.#failed.length > 0) this.#fail(`failed: ${this.#failed.join('; ')}`);
    const readme = readFileSync(README, 'utf8');
    const from = readme.indexOf(BEGIN) + BEGIN.length;
    const to = readme.indexOf(END);
    if (process.env.SAFETY_TABLE === 'write' && missing.length === 0) {
      writeFileSync(README, `${readme.slice(0, from)}\n\n${table}\n\n${readme.slice(to)}`);
      execFileSync('npx', ['biome', 'format', '--write', README]);
      console.log(`written into ${README}`);
    } else this.#compare(readme.slice(from, to).trim(), table);
  }

  #compare(known: string, table: string): void {
    const was = settled(known);
    const is = settled(table);
    for (const l of is) if (!was.includes(l)) this.#fail(`not so in the README: ${l}`);
    for (const l of was) if (!is.includes(l)) this.#fail(`only in the README: ${l}`);
  }

  #fail(why: string): void {
    console.error(`scenarios: ${why}`);
    process.exitCode = 1;
  }
}
