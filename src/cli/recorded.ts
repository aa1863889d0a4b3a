import type { RecorderCounters } from '../../bridges/mcap/recorder.ts';

/** What was recorded, and what was lost of it, as rows of a table. `null`: the observer did not come to an end. */
export function recordedRows(shown: string, counters: RecorderCounters | null): [string, string][] {
  const rows: [string, string][] = [['log', shown]];
  if (counters === null) return rows;
  const { written, dropped, droppedBecause, files, deleted, bytes, leftOut, blackBox } = counters;
  const why = Object.entries(droppedBecause)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${name} ${count}`);
  const parts = [
    `${written} messages, ${(bytes / 1e6).toFixed(1)} MB`,
    ...(files > 1 || deleted > 0 ? [`${files} files${deleted > 0 ? `, ${deleted} deleted` : ''}`] : []),
    ...(leftOut > 0 ? [`${leftOut} left out by log.topics`] : []),
    dropped > 0 ? `${dropped} LOST (${why.join(', ')})` : 'none lost',
  ];
  if (files > 0 || written > 0) rows.push(['recorded', parts.join('; ')]);
  if (blackBox !== null && blackBox.incidents > 0)
    rows.push([
      'black box',
      `${blackBox.incidents} incidents in ${blackBox.files} files` +
        `${blackBox.unwritten > 0 ? `, ${blackBox.unwritten} NOT WRITTEN` : ''}`,
    ]);
  return rows;
}
