import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Incident } from '../../bridges/mcap/black-box.ts';
import { unusedLogFile } from '../../bridges/mcap/files.ts';
import { Recorder, type RecorderCounters } from '../../bridges/mcap/recorder.ts';
import { definitionOf } from '../../bridges/messages/definitions.ts';
import type { RunConfig } from '../core/config-schema.ts';
import type { LadderTransition, Mode } from '../core/signals.ts';
import type { ReflexClient } from './operator.ts';
import type { DaemonProcess, RunFile } from './process.ts';

/** The observer's recorder as the config wants it; null where nothing is recorded. @throws RA_LOG_WRITE */
export async function openRecorder(
  { config, logPath, provenance }: Pick<RunFile, 'config' | 'logPath' | 'provenance'>,
  log: Pick<DaemonProcess['log'], 'error'>,
): Promise<Recorder | null> {
  const { log: options } = config;
  if (logPath === '' || (!options.enabled && options.black_box_s === 0)) return null;
  const never = (bound: number) => (bound === 0 ? Number.POSITIVE_INFINITY : bound);
  return Recorder.open(unusedLogFile(logPath), {
    maxBytes: options.max_bytes,
    definitionOf,
    metadata: { reflexarc: provenance, config: { run: JSON.stringify(config) } },
    onError: (error) => log.error({ code: error.code }, error.message),
    compression: options.compression,
    rotateBytes: never(options.rotate_bytes),
    rotateNs: never(options.rotate_s * 1e9),
    keepFiles: options.keep_files,
    carry: carried(config),
    topics: options.topics,
    log: options.enabled,
    blackBox:
      options.black_box_s === 0
        ? null
        : {
            beforeNs: options.black_box_s * 1e9,
            afterNs: options.black_box_after_s * 1e9,
            maxBytes: options.black_box_bytes,
            maxFiles: options.black_box_files,
          },
  });
}

/** What says how robot, task and ladder stand; ticks, decisions and the journal are events, and are never said twice. */
function carried({ robot, task }: RunConfig): (topic: string) => boolean {
  const topics = new Set([...Object.values(robot.topics), task.target_topic, task.episode_topic]);
  topics.delete(robot.topics.clock);
  topics.delete(robot.topics.command);
  topics.add('/reflexarc/transition');
  return (topic) => topics.has(topic);
}

const STOPS: readonly Mode[] = ['RECOVERY', 'STOPPING', 'ESTOP', 'FAULT'];
const ENGAGED: readonly Mode[] = ['ENGAGING', 'ACTIVE', 'RECOVERY'];

/** The incident that a change of mode is, or null: authority was taken away, and not by a planned end of the run. */
export function incidentOf(t: LadderTransition): Incident | null {
  if (t.cause === 'disengage') return null;
  const stopped = t.to === 'STOPPED' && t.from !== 'STOPPING';
  if (!STOPS.includes(t.to) && !stopped && !(t.to === 'HOLD' && ENGAGED.includes(t.from))) return null;
  const { cause, detail, from, to } = t;
  return { cause, entries: { detail, from, to, incident: String(t.incident), epoch: String(t.epoch) } };
}

/** Tells the black box of every incident; a reflex that goes away while it holds the robot is one too. */
export function watchIncidents(
  recorder: Pick<Recorder, 'incident'>,
  reflex: Pick<ReflexClient, 'transitions$' | 'status$'>,
  nowNs: () => number,
  ending: () => boolean,
): void {
  reflex.transitions$.subscribe((transition) => {
    const incident = incidentOf(transition);
    if (incident !== null) recorder.incident(incident, nowNs());
  });
  let mode: Mode = 'BOOT';
  reflex.status$.subscribe((status) => {
    const engaged = ENGAGED.includes(mode) || mode === 'STOPPING';
    if (status === null && engaged && !ending())
      recorder.incident({ cause: 'reflex_gone', entries: { detail: `the reflex went away in ${mode}` } }, nowNs());
    mode = status?.mode ?? 'BOOT';
  });
}

/** What the console shows of it. */
export function loggedNow(config: RunConfig, recorder: Recorder | null) {
  const counters = recorder?.counters;
  return {
    path: recorder !== null && config.log.enabled ? recorder.path : '',
    bytes: counters?.bytes ?? 0,
    files: counters?.files ?? 0,
    dropped: counters?.dropped ?? 0,
    incidents: counters?.blackBox?.incidents ?? null,
    unwritten: counters?.blackBox?.unwritten ?? 0,
  };
}

const COUNTERS = 'recorded.json';

/** Leaves the last counts in the run folder, for the launcher's summary. */
export function leaveCounters(dir: string, recorder: Recorder | null): void {
  if (recorder !== null) writeFileSync(join(dir, COUNTERS), JSON.stringify(recorder.counters));
}

/** Those counts; null when nothing was recorded, or the observer did not come to an end. */
export function readCounters(dir: string): RecorderCounters | null {
  const file = join(dir, COUNTERS);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as RecorderCounters) : null;
}
