import { describe, expect, it } from 'vitest';
import { BRIDGE_BOUNDS, flatness, memoryOver } from '../../../src/cli/bench/bridge/flat.ts';
import type { Memory } from '../../../src/cli/bench/heap.ts';

const KINDS = ['heapUsed', 'external', 'arrayBuffers', 'rss'] as const;
const still: Memory = { heapUsed: 1e6, external: 2e6, arrayBuffers: 1e6, rss: 9e7 };

/** What is found over so many messages where each keeps so many bytes of a kind. */
function over(messages: number, kept: Partial<Memory>) {
  let passed = 0;
  return memoryOver(
    'part_',
    messages,
    async (count) => {
      passed += count;
    },
    () =>
      Object.fromEntries(KINDS.map((kind) => [kind, still[kind] + (kept[kind] ?? 0) * passed])) as unknown as Memory,
  );
}

describe('memory over a million messages', () => {
  it('that stays where it is is flat, in each of its four kinds', async () => {
    const { rows, notes, failed } = await over(1_000_000, {});
    expect(failed).toBe(false);
    expect(rows.map((row) => row.case)).toEqual(
      ['heap', 'external', 'array_buffers', 'rss'].map((kind) => `part_${kind}_after_gc`),
    );
    expect(rows[0]!.series?.map(([n]) => n)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((n) => n * 100_000));
    expect(notes[3]).toBe('part_rss_after_gc: 0.000 bytes a message over 1000000 messages: flat (allowed: below 16)');
  });

  it.each(KINDS)(
    'is not flat when each message keeps what is not allowed of %s, and only that is said',
    async (kind) => {
      const bound = BRIDGE_BOUNDS[kind];
      expect((await over(1_000_000, { [kind]: bound * 0.99 })).failed).toBe(false);
      const { rows, notes, failed } = await over(1_000_000, { [kind]: bound * 1.01 });
      expect(failed).toBe(true);
      expect(rows[KINDS.indexOf(kind)]!.slope).toBeCloseTo(bound * 1.01, 6);
      expect(notes.map((note) => note.includes('NOT FLAT'))).toEqual(KINDS.map((k) => k === kind));
    },
  );

  it('gives no verdict on fewer', async () => {
    const { notes, failed } = await over(1000, { heapUsed: 1000, rss: 1000 });
    expect(failed).toBe(false);
    for (const note of notes) expect(note).toContain('too short to judge');
  });

  it('is judged by its second half: what warming up takes is no leak', () => {
    const points = Array.from({ length: 11 }, (_, i): [number, Memory] => [
      i * 100_000,
      { ...still, rss: 9e7 + Math.min(i, 5) * 1e7 },
    ]);
    expect(flatness('', points, BRIDGE_BOUNDS, true).failed).toBe(false);
    const late = points.map(([n, memory], i): [number, Memory] => [
      n,
      { ...memory, rss: 9e7 + Math.max(i - 5, 0) * 1e7 },
    ]);
    expect(flatness('', late, BRIDGE_BOUNDS, true).failed).toBe(true);
  });
});
