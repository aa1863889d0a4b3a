import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BehaviorSubject, Subject } from 'rxjs';
import { afterAll, describe, expect, it } from 'vitest';
import type { Incident } from '../../bridges/mcap/black-box.ts';
import { logMetadata, readLog } from '../../bridges/mcap/reader.ts';
import { recordedRows } from '../../src/cli/recorded.ts';
import { loadRun } from '../../src/core/config/load.ts';
import { packageRoot } from '../../src/core/paths.ts';
import type { LadderTransition, Mode } from '../../src/core/signals.ts';
import { incidentOf, leaveCounters, openRecorder, readCounters, watchIncidents } from '../../src/daemon/recording.ts';
import type { Status } from '../../src/daemon/wire.ts';

const RUN = join(packageRoot, 'configs/runs/peg.yaml');
const dir = mkdtempSync(join(tmpdir(), 'reflexarc-recording-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const log = { error: (...told: unknown[]) => expect(told).toEqual([]) };

const change = (from: Mode, to: Mode, cause: string): LadderTransition => ({
  ...{ atNs: 0, from, to, cause, detail: `${cause} was seen`, value: 1, limit: 0, margin: -1, incident: 4, epoch: 2 },
});

describe('an incident', () => {
  it.each([
    ['ACTIVE', 'STOPPING', 'force_limit', true],
    ['ACTIVE', 'STOPPING', 'operator_stop', true],
    ['ACTIVE', 'RECOVERY', 'risk', true],
    ['ACTIVE', 'HOLD', 'brain_lost', true],
    ['HOLD', 'ESTOP', 'estop', true],
    ['ACTIVE', 'FAULT', 'internal', true],
    ['HOLD', 'STOPPED', 'stale_state', true],
    // The end that was asked for, what follows a stop, and the way up.
    ['ACTIVE', 'STOPPING', 'disengage', false],
    ['STOPPING', 'STOPPED', 'force_limit', false],
    ['STOPPED', 'DISARMED', 'reset', false],
    ['RECOVERY', 'ENGAGING', 'recovered', false],
    ['DISARMED', 'HOLD', 'arm', false],
  ] as const)('%s → %s by %s: %s', (from, to, cause, is) => {
    const incident = incidentOf(change(from, to, cause));
    expect(incident?.cause).toBe(is ? cause : undefined);
    if (is) expect(incident?.entries).toMatchObject({ detail: `${cause} was seen`, from, to, incident: '4' });
  });

  it('is a reflex that goes away while it holds the robot, and not one that ends at rest or with the daemon', () => {
    const told: string[] = [];
    const recorder = { incident: (incident: Incident) => void told.push(incident.cause) };
    const status$ = new BehaviorSubject<Status | null>(null);
    const transitions$ = new Subject<LadderTransition>();
    let ending = false;
    watchIncidents(
      recorder,
      { status$, transitions$ },
      () => 0,
      () => ending,
    );
    const inMode = (mode: Mode) => status$.next({ mode } as Status);
    inMode('DISARMED');
    status$.next(null);
    expect(told).toEqual([]);
    inMode('ACTIVE');
    status$.next(null);
    status$.next(null);
    expect(told).toEqual(['reflex_gone']);
    transitions$.next(change('ACTIVE', 'RECOVERY', 'risk'));
    expect(told).toEqual(['reflex_gone', 'risk']);
    inMode('ACTIVE');
    ending = true;
    status$.next(null);
    expect(told.length).toBe(2);
  });
});

describe('the recorder of a run', () => {
  const open = (name: string, ...sets: string[]) =>
    openRecorder(
      { config: loadRun(RUN, sets).config, logPath: join(dir, `${name}_00000.mcap`), provenance: { seed: '1' } },
      log,
    );
  const pose = { header: { stamp: { sec: 1, nanosec: 0 }, frame_id: 'base' } };

  it('says how things stand again in each file: the target, and no tick', async () => {
    const recorder = (await open('files', 'log.rotate_s=1', 'log.black_box_s=0'))!;
    const { config } = loadRun(RUN, []);
    recorder.record(config.task.target_topic, 'geometry_msgs/msg/PoseStamped', pose, 0, 0);
    for (const s of [0, 1.5])
      recorder.record('/reflexarc/tick', 'reflexarc_msgs/msg/TickRecord', { seq: s }, s * 1e9, 0);
    await recorder.close();
    const second: string[] = [];
    for await (const { topic } of readLog(join(dir, 'files_00001.mcap'))) second.push(topic);
    expect(second).toEqual([config.task.target_topic, '/reflexarc/tick']);
    const { config: logged, reflexarc, file } = await logMetadata(join(dir, 'files_00001.mcap'));
    expect(JSON.parse(logged!.run!).name).toBe(config.name);
    expect([reflexarc, file?.repeated]).toEqual([{ seed: '1' }, '1']);
  });

  it('comes back in a new file after it was killed', async () => {
    await (await open('back'))!.close();
    const again = (await open('back'))!;
    expect(again.path).toBe(join(dir, 'back_00001.mcap'));
    await again.close();
  });

  it('without a log still keeps a black box; without both there is none', async () => {
    const recorder = (await open('box', 'log.enabled=false'))!;
    recorder.record('/ee_pose', 'geometry_msgs/msg/PoseStamped', pose, 0, 0);
    recorder.incident({ cause: 'force_limit', entries: {} }, 1);
    await recorder.close();
    expect(readdirSync(dir).filter((file) => file.startsWith('box'))).toEqual(['box_incident-001_force_limit.mcap']);
    expect(await open('none', 'log.enabled=false', 'log.black_box_s=0')).toBeNull();
  });

  it('leaves its counts for the summary, and a loss is told there', async () => {
    expect(readCounters(dir)).toBeNull();
    const recorder = (await open('counts'))!;
    recorder.record('/who', 'who_msgs/msg/Knows', {}, 0, 0);
    recorder.counters.droppedBecause.disk += 3;
    recorder.counters.dropped += 3;
    log.error = () => {};
    await recorder.close();
    leaveCounters(dir, recorder);
    const rows = Object.fromEntries(recordedRows('logs/x.mcap', readCounters(dir)));
    expect(rows.log).toBe('logs/x.mcap');
    expect(rows.recorded).toContain('4 LOST (disk 3, encoding 1)');
  });
});
