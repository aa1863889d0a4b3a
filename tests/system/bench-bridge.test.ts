import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { benchClient } from '../../src/cli/bench/bridge/client.ts';
import { benchDecode } from '../../src/cli/bench/bridge/decode.ts';
import { benchImages } from '../../src/cli/bench/bridge/images.ts';
import { benchLoop } from '../../src/cli/bench/bridge/loop.ts';
import { benchServer } from '../../src/cli/bench/bridge/server.ts';
import { benchTakeover } from '../../src/cli/bench/bridge/takeover.ts';
import { benchViewer } from '../../src/cli/bench/bridge/viewer.ts';
import type { Outcome } from '../../src/cli/bench/rows.ts';
import { loadRun } from '../../src/core/config/load.ts';
import { packageRoot } from '../../src/core/paths.ts';

const { config } = loadRun(join(packageRoot, 'configs/runs/peg.yaml'), []);
const SHORT = { samples: 1 };
const FEW = 1000;
const RATES = [100, 500, 1000, 2000];

const rowsOf = ({ results }: Outcome) => results.map((r) => [r.case, r.subject].join(': '));
/** What a part says of its memory: a row and a note for each kind. */
const memoryRows = (prefix = '') =>
  ['heap', 'external', 'array_buffers', 'rss'].map((kind) => `${prefix}${kind}_after_gc: ours`);
const memoryNotes = (prefix = '') =>
  ['heap', 'external', 'array_buffers', 'rss'].map((kind) =>
    expect.stringMatching(`^${prefix}${kind}_after_gc: .* over 1000 messages: too short to judge`),
  );
/** Every row has samples, and something was measured. */
function measured({ results }: Outcome): void {
  for (const row of results) expect([row.case, row.samples > 0 && row.p50 > 0]).toEqual([row.case, true]);
}

// The figures are the bench's business; so short a run is no claim, and fails for nothing but what does not work.
describe('the bridge bench', () => {
  it('client: ours, roslib and bare ws at each rate and as fast as it goes, with the aim and the memory', async () => {
    const outcome = await benchClient(config, SHORT, FEW);
    measured(outcome);
    const names = ['ours', 'roslib', 'ws'];
    expect(rowsOf(outcome)).toEqual([
      ...RATES.flatMap((hz) => names.map((name) => `state to command at ${hz} Hz: ${name}`)),
      ...names.map((name) => `receive: ${name}`),
      ...memoryRows(),
    ]);
    expect(outcome.notes).toEqual([
      expect.stringMatching(/^client, receive: \d+ messages\/s, aim at least 100000: (NOT )?(reached|REACHED)$/),
      ...memoryNotes(),
    ]);
    expect(outcome.failed).toBe(false);
  });

  it('server: ours and a bare relay, to ws and to roslib, beside a frozen client, with the aims and the memory', async () => {
    const outcome = await benchServer(config, SHORT, FEW);
    measured(outcome);
    const both = (name: string) => ['ours', 'ws'].map((relay) => `${name}: ${relay}`);
    expect(rowsOf(outcome)).toEqual([
      ...RATES.flatMap((hz) => both(`relay at ${hz} Hz`)),
      ...both('relay to 4, out'),
      ...RATES.flatMap((hz) => both(`relay at ${hz} Hz, read by roslib`)),
      ...both('relay to 1, read by roslib'),
      ...['alone', 'beside a frozen client'].map((name) => `relay at 500 Hz, ${name}: ours`),
      ...memoryRows('server_'),
    ]);
    const verdict = '(reached|NOT REACHED)$';
    expect(outcome.notes).toEqual([
      ...RATES.map((hz) => expect.stringMatching(`^server, relay at ${hz} Hz, p50: .* aim at most 1.5: ${verdict}`)),
      expect.stringMatching(`^server, relay to 4, out: .* aim at least 30000: ${verdict}`),
      expect.stringMatching(
        `^server, relay at 500 Hz, beside a frozen client, p50: .* times alone, aim at most 1.5: ${verdict}`,
      ),
      expect.stringMatching(
        `^server, relay at 500 Hz, beside a frozen client, p99: .* times alone, aim at most 5: ${verdict}`,
      ),
      ...memoryNotes('server_'),
    ]);
    expect(outcome.failed).toBe(false);
  });

  it('server, closed-loop: with a bare client, ours and roslib, beside a bare echo, with the aims', async () => {
    const outcome = await benchLoop(config, SHORT);
    measured(outcome);
    const name = (hz: number) => `server, state to command at ${hz} Hz`;
    const subjects = ['ours', 'ours at both ends', "ours, roslib's defaults", 'ws'];
    expect(rowsOf(outcome)).toEqual(RATES.flatMap((hz) => subjects.map((subject) => `${name(hz)}: ${subject}`)));
    // Most states were answered by whoever heard them: a subject that commands nothing would have no latency.
    for (const row of outcome.results)
      expect([row.case, row.subject, row.samples > 5]).toEqual([row.case, row.subject, true]);
    expect(outcome.notes).toEqual(
      RATES.map((hz) =>
        expect.stringMatching(`^${name(hz)}, p50: .* times a bare ws echo, aim at most 1.5: (reached|NOT REACHED)$`),
      ),
    );
    expect(outcome.failed).toBe(false);
  });

  it('decoding: our CBOR reader, ROS bytes in it, the one of roslib and JSON, of the same messages', async () => {
    const outcome = await benchDecode(config, SHORT);
    measured(outcome);
    const all = (name: string) =>
      ['ours', 'ours, cbor-raw', 'cbor2 (roslib)', 'JSON.parse'].map((s) => `decode ${name}: ${s}`);
    expect(rowsOf(outcome)).toEqual(['JointState', 'float64[10000]', 'Image 640x480 rgb8'].flatMap(all));
  });

  it('images: how long the event loop is kept, beside a plain loop, with the aims', async () => {
    const outcome = await benchImages(config, SHORT, 5);
    if ((outcome.missing ?? []).length > 0) return;
    // Of so few images the time may round to nothing.
    for (const row of outcome.results) expect([row.case, row.samples]).toEqual([row.case, 1]);
    const name = (encoding: string) => `Image ${encoding} 640x480 to 224x224, event loop kept`;
    const both = (encoding: string) => ['ours', 'plain JavaScript loop'].map((s) => `${name(encoding)}: ${s}`);
    expect(rowsOf(outcome)).toEqual([...['rgb8', 'bgr8', 'mono8'].flatMap(both), `${name('16UC1')}: ours`]);
    expect(outcome.notes).toHaveLength(4);
    expect(outcome.notes?.[0]).toMatch(/^Image rgb8 .* p50: .* ms, aim at most 1: (NOT )?(reached|REACHED)$/);
    expect(outcome.failed).toBe(false);
  });

  it('live view: the memory', async () => {
    const outcome = await benchViewer(config, SHORT, FEW);
    measured(outcome);
    expect([rowsOf(outcome), outcome.failed]).toEqual([memoryRows('viewer_'), false]);
  });

  it('takeover: to its first command at the robot, in ms and in commands of the policy meanwhile', async () => {
    const outcome = await benchTakeover(config, SHORT, 3);
    expect(outcome.results.map((r) => [r.case, r.subject, r.unit, r.samples])).toEqual([
      ['takeover to its first command', 'ours', 'ms', 3],
      ['commands of the policy in between', 'ours', 'commands', 3],
    ]);
    expect(outcome.results[0]!.p50).toBeGreaterThan(0);
    expect(outcome.notes?.[0]).toMatch(
      /^takeover to its first command, p50: .* ms, aim at most 10: (NOT )?(reached|REACHED)$/,
    );
    expect(outcome.failed).toBe(false);
  });
});
