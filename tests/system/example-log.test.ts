import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import type { LogSummary } from '../../src/logs/inspect.ts';
import type { Verification } from '../../src/logs/verify.ts';
import { type WhatIf, whatIf } from '../../src/logs/what-if.ts';
import { brief } from '../../src/logs/what-if-rows.ts';
import { EXAMPLE, RISK, recordExample } from './example-log.ts';
import { cli } from './harness.ts';

/** `npm run example` records the log anew and writes the README's table; without it both are held to what is there. */
const write = process.env.EXAMPLE === 'write';
const readme = join(packageRoot, 'README.md');
const RESIDUAL_OFF = ['policies.residual.scale=0'];
const DOUBLED = [`safety.risk.low=${2 * RISK.low}`, `safety.risk.high=${2 * RISK.high}`];

const spoken = async <T>(args: string[]): Promise<{ code: number | null; said: T }> => {
  const { code, stdout } = await cli([...args, '--json']);
  return { code, said: JSON.parse(stdout.trim().split('\n').at(-1)!) as T };
};

/** The table of the README: the log, and the two answers beside it. */
function tableOf(off: WhatIf, doubled: WhatIf): string {
  const three = (name: string, of: (w: WhatIf, side: 'was' | 'would') => string | number) => [
    name,
    ...[of(off, 'was'), of(off, 'would'), of(doubled, 'would')].map(String),
  ];
  const answer = (name: string, of: (w: WhatIf) => string) => [name, '', of(off), of(doubled)];
  const causes = [off, doubled].flatMap((w) => [w.was, w.would].flatMap((s) => Object.keys(s.interventions_by)));
  const modes = ['ACTIVE', 'ENGAGING', 'RECOVERY'];
  const listed = (w: WhatIf, kept: string) => String(w.interventions.filter((i) => i.kept === kept).length);
  const rows = [
    ['', 'in the log', 'residual off', 'critic’s bounds doubled'],
    [],
    three('commands', (w, side) => w[side].commands),
    ...[...new Set(causes)].map((cause) =>
      three(`interventions: \`${cause}\``, (w, side) => w[side].interventions_by[cause] ?? 0),
    ),
    ...modes.map((mode) => three(`ticks in ${mode}`, (w, side) => w[side].modes[mode] ?? 0)),
    three('residual that went in, mean norm', (w, side) => brief(w[side].residual_norm)),
    three('risk, median', (w, side) => brief(w[side].risk.p50)),
    three('risk, largest', (w, side) => brief(w[side].risk.max)),
    answer('ticks that differ', (w) => `${w.different} of ${w.ticks}`),
    answer('first difference, s', (w) => w.stretches[0]!.from_s.toFixed(3)),
    answer('interventions lost, gained', (w) => `${listed(w, 'lost')}, ${listed(w, 'gained')}`),
    answer('setpoints apart, median, mm', (w) => brief(1000 * w.distance.p50)),
    answer('setpoints apart, largest, mm', (w) => brief(1000 * w.distance.max)),
  ];
  const widths = [0, 1, 2, 3].map((c) => Math.max(...rows.map((row) => row[c]?.length ?? 0)));
  return rows
    .map((row) => `| ${widths.map((w, c) => (row.length === 0 ? '-'.repeat(w) : row[c]!.padEnd(w))).join(' | ')} |`)
    .join('\n');
}

describe('the shipped example log', () => {
  let off: WhatIf;
  let doubled: WhatIf;

  beforeAll(async () => {
    if (write) await recordExample();
    off = await whatIf([EXAMPLE], RESIDUAL_OFF);
    doubled = await whatIf([EXAMPLE], DOUBLED);
    if (!write) return;
    const text = readFileSync(readme, 'utf8');
    const table = tableOf(off, doubled).replaceAll('$', '$$$$');
    writeFileSync(readme, text.replace(/(<!-- example -->\n\n)[\s\S]*?(\n\n<!-- \/example -->)/, `$1${table}$2`));
  });

  it('is small, names nothing of the machine that recorded it, and is whole', async () => {
    expect(statSync(join(packageRoot, EXAMPLE)).size).toBeLessThan(1_500_000);
    expect(readFileSync(join(packageRoot, EXAMPLE)).includes(packageRoot)).toBe(false);
    const { code, said } = await spoken<LogSummary>(['inspect', EXAMPLE]);
    expect(code).toBe(0);
    expect(said.stops).toMatchObject({ brain_lost: 1 });
    expect(said.journal).toMatchObject({ lost: 0, births: 1 });
    expect(said.interventions.recovery ?? said.interventions['residual cut']).toBeGreaterThan(0);
  });

  it('is made again to the last bit', async () => {
    const { code, said } = await spoken<Verification>(['replay', EXAMPLE, '--verify']);
    expect(said).toMatchObject({ mismatches: 0, unverified: 0, first_mismatch: null, changes: [] });
    // Decisions from before the recording began and before the robot was armed are not known.
    expect(said).toMatchObject({ identical: said.commands, decisions_mismatched: 0 });
    expect(said.commands).toBeGreaterThan(300);
    expect(code).toBe(0);
  });

  it('answers as the README says', () => {
    expect(readFileSync(readme, 'utf8')).toContain(tableOf(off, doubled));
    // What each of the two must come to, whatever the numbers are.
    expect(off.would.residual_norm).toBe(0);
    expect(off.was).toEqual(doubled.was);
    expect(doubled.interventions.some((i) => i.kept === 'lost')).toBe(true);
    expect(doubled.stretches[0]!.because).toContain('risk');
    for (const set of [...RESIDUAL_OFF, ...DOUBLED]) expect(readFileSync(readme, 'utf8')).toContain(`--set ${set}`);
  });
});
