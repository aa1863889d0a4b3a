import { XMLValidator } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import { chartSvg, ticks } from '../../../src/learning/judging/chart.ts';

describe('a chart', () => {
  const svg = chartSvg({
    title: 'a < b & "c"',
    x: { label: 'x', range: [0, 10] },
    y: { label: 'y', range: [0, 1] },
    series: [
      {
        name: 'line',
        points: [
          [0, 0],
          [5, Number.NaN],
          [10, 1],
        ],
        band: [
          [0, 0, 0.5],
          [10, 0.5, 1],
        ],
      },
      { name: 'bars', points: [[5, 0.5]], as: 'bars', width: 2 },
      { name: 'dots', points: [[10, 1]], as: 'dots' },
    ],
  });

  it('is well-formed XML whatever stands in its words', () => {
    expect(XMLValidator.validate(svg)).toBe(true);
    expect(svg).toContain('a &lt; b &amp; &quot;c&quot;');
  });

  it('puts what it shows where it belongs: from (64, 352) to (624, 36)', () => {
    expect(svg).toContain('<circle cx="624" cy="36"');
    // A bar from 4 to 6, from 0 to a half: 560 wide for ten, 316 high for one.
    expect(svg).toContain('<rect x="288" y="194" width="112" height="158"');
    // The line is broken where there is no number.
    expect(svg).toContain('d="M64 352M624 36"');
    expect(svg).toContain('d="M64 352L624 194L624 36L64 194Z"');
  });

  it('has round numbers on its axes', () => {
    expect(ticks(0, 1)).toEqual([0, 0.2, 0.4, expect.closeTo(0.6), 0.8, 1]);
    expect(ticks(-3, 12)).toEqual([0, 5, 10]);
    expect(ticks(0, 300)).toEqual([0, 100, 200, 300]);
    const none = chartSvg({ title: '', x: { label: '' }, y: { label: '' }, series: [{ name: 'none', points: [] }] });
    expect(none).not.toContain('NaN');
  });
});
