import { describe, expect, it } from 'vitest';
import type { Row } from './scenario.ts';
import { hold, SCENARIOS } from './table.ts';

const row = (number: number, more: Partial<Row> = {}): Row => ({
  ...{ number, title: `fault ${number}`, layer: 'process', outcome: 'STOPPING', toSafeMs: 12.4, real: true },
  ...more,
});
const all = (more: (n: number) => Partial<Row> = () => ({})) =>
  Array.from({ length: SCENARIOS }, (_, i) => row(i + 1, more(i + 1)));
const known = hold(all(), '').kept;
const unplayed = (n: number) => (n === 48 ? { outcome: 'not played here: needs root', unplayed: true } : {});

describe('the table of scenarios', () => {
  it('is the same from run to run, whatever the times on the wall were', () => {
    const { missing, differs } = hold(
      all((n) => ({ toSafeMs: n })),
      known,
    );
    expect([missing, differs]).toEqual([[], []]);
  });

  it('tells what is missing, what is new, and what came to something else', () => {
    const rows = all((n) => (n === 7 ? { outcome: 'FAULT' } : {})).filter((r) => r.number !== 48);
    const { missing, differs } = hold(rows, known);
    expect(missing).toEqual([48]);
    expect(differs).toEqual([
      'not so in the README: | 7 | fault 7 | FAULT | real | process |',
      'only in the README: | 7 | fault 7 | STOPPING | real | process |',
      'only in the README: | 48 | fault 48 | STOPPING | real | process |',
    ]);
  });

  it('says of a scenario that cannot be played here that it was not, and keeps what is known of it', () => {
    const { shown, kept, missing, differs } = hold(all(unplayed), known);
    expect(shown).toContain('| 48 | fault 48 | not played here: needs root |');
    expect([missing, differs, kept]).toEqual([[], [], known]);
  });

  it('says how often one was retried, where it was, and keeps nothing of it', () => {
    const { shown, kept, missing, differs } = hold(
      all((n) => (n <= 48 ? { retries: n === 48 ? 2 : 0 } : {})),
      known,
    );
    expect(shown).toContain('| 48 | fault 48 | STOPPING (retries: 2) | 12 real | process |');
    expect(shown.match(/retries/g)).toHaveLength(1);
    expect([missing, differs, kept]).toEqual([[], [], known]);
  });

  it('takes one that was not played for no other of the same number', () => {
    const two = [...all(unplayed), row(48, { layer: 'receiver', title: 'another' })];
    expect(hold(two, known).differs).toEqual(['not so in the README: | 48 | another | STOPPING | real | receiver |']);
  });
});
