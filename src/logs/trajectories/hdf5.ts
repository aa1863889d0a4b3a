import { open } from 'node:fs/promises';
import type { Dataset, File, Group } from 'h5wasm/node';
import { ReflexArcError } from '../../core/errors.ts';
import { frameNs } from './frames.ts';
import { type Findings, type Sample, Sampler } from './trajectory.ts';

/** Steps a second where the file does not say: robosuite's environments, and ALOHA's control loop (DT = 0.02 s). */
const ROBOMIMIC_HZ = 20;
const ALOHA_HZ = 50;
/** Between two episodes, which have no times of their own, ns. */
const PAUSE_NS = 1_000_000_000n;
/** Of robomimic: what `obs` has a step later. */
const LEFT_OUT = 'next_obs';

/** A dataset of an episode: [steps][width], row by row. */
interface Column {
  readonly name: string;
  readonly entries: readonly string[];
  readonly steps: number;
  readonly values: ArrayLike<number | bigint>;
}

/**
 * The samples of demonstrations in HDF5, step by step: robomimic (`/data/demo_N` with `actions`, `obs/…`, `rewards`, `dones`,
 * `states`) and ALOHA (`/action`, `/observations/…`, one episode a file). Channels are named by their path in the episode
 * (`obs/eef_pos`). Images and texts are left out and told. Step k is k / rate after the first, at the rate in robomimic's
 * `env_args`, else 20 Hz, and 50 Hz of ALOHA.
 * @throws ReflexArcError RA_LOG_DAMAGED naming the byte at which the file ends (HDF5 opens no file that is cut) or the dataset
 *   that cannot be read, after the episodes before
 */
export async function* readHdf5(path: string, findings: Findings): AsyncGenerator<Sample> {
  const damaged = (seen: string, cause?: unknown) =>
    new ReflexArcError('RA_LOG_DAMAGED', { seen: `${path}: ${seen}`, allowed: 'robomimic or ALOHA HDF5', cause });
  const cut = await missingEnd(path);
  if (cut !== null) throw damaged(cut);
  const hdf5 = await import('h5wasm/node');
  // Without it, what cannot be read is zeros, and a text on stderr.
  (await hdf5.ready).activate_throwing_error_handler();
  let file: File;
  try {
    file = new hdf5.File(path, 'r');
  } catch (cause) {
    throw damaged(reasonOf(cause), cause);
  }
  const isGroup = (entity: unknown): entity is Group => entity instanceof hdf5.Group;
  const isDataset = (entity: unknown): entity is Dataset => entity instanceof hdf5.Dataset;

  function* columns(group: Group, at: string, prefix = ''): Generator<Column> {
    for (const key of group.keys()) {
      const name = `${prefix}${key}`;
      if (name === LEFT_OUT) continue;
      let entity: unknown;
      try {
        entity = group.get(key);
        if (isGroup(entity)) yield* columns(entity, at, `${name}/`);
        else if (isDataset(entity)) {
          const column = columnOf(name, entity, (why) => findings.tell(name, why, false, at));
          if (column !== null) yield column;
        }
      } catch (cause) {
        throw cause instanceof ReflexArcError ? cause : damaged(`${at}/${name}: ${reasonOf(cause)}`, cause);
      }
    }
  }

  try {
    const { episodes, hz } = layoutOf(file, isGroup);
    if (episodes.length === 0) throw damaged('neither /data/demo_0 nor /action');
    const sampler = new Sampler(findings);
    let begin = 0n;
    for (const { index, at } of episodes) {
      const found = [...columns((at === '' ? file : file.get(at)) as Group, at)];
      const steps = Math.max(0, ...found.map((column) => column.steps));
      for (const column of found)
        if (column.steps < steps)
          findings.tell(column.name, `fewer steps than others, ${column.steps} of ${steps}`, true, at);
      const episode = { index, task: '' };
      for (let k = 0; k < steps; k++)
        for (const { name, entries, steps: own, values } of found) {
          if (k >= own) continue;
          const n = entries.length;
          const row = Float64Array.from({ length: n }, (_, i) => Number(values[k * n + i]));
          const where = { timeNs: begin + frameNs(k, hz), episode, place: () => `${at}/${name}, row ${k}` };
          const sample = sampler.sample(name, entries, row, where);
          if (sample !== null) yield sample;
        }
      begin += frameNs(Math.max(0, steps - 1), hz) + PAUSE_NS;
    }
  } catch (cause) {
    throw cause instanceof ReflexArcError ? cause : damaged(reasonOf(cause), cause);
  } finally {
    file.close();
  }
}

/** Of the stack that HDF5 tells, the innermost line. */
function reasonOf(cause: unknown): string {
  const { message } = cause as Error;
  return (
    message
      .match(/#\d+: .*?line \d+ in .*?: .*/g)
      ?.at(-1)
      ?.replace(/^.*? in /, '') ?? message
  );
}

/** Null for what is no row of numbers at each step; `tell` says why. */
function columnOf(name: string, dataset: Dataset, tell: (why: string) => void): Column | null {
  const shape = dataset.shape ?? [];
  if (shape.length === 0 || shape.length > 2) {
    tell(shape.length === 0 ? 'no steps' : `an array of ${shape.length} dimensions`);
    return null;
  }
  const values = dataset.value as ArrayLike<number | bigint>;
  if (!ArrayBuffer.isView(values)) {
    tell('no numbers');
    return null;
  }
  const width = shape[1] ?? 1;
  const entries = shape.length === 1 ? [''] : Array.from({ length: width }, (_, i) => String(i));
  return { name, entries, steps: width === 0 ? 0 : shape[0]!, values };
}

/** The episodes of the file by their number, and their rate. */
function layoutOf(file: File, isGroup: (entity: unknown) => entity is Group) {
  const data = file.get('data');
  if (!isGroup(data)) return { episodes: file.keys().includes('action') ? [{ index: 0, at: '' }] : [], hz: ALOHA_HZ };
  const episodes = data
    .keys()
    .flatMap((key) => (/^demo_\d+$/.test(key) ? [{ index: Number(key.slice(5)), at: `data/${key}` }] : []))
    .sort((a, b) => a.index - b.index);
  return { episodes, hz: rateOf(data.attrs.env_args?.value) ?? ROBOMIMIC_HZ };
}

function rateOf(envArgs: unknown): number | null {
  try {
    const hz = JSON.parse(String(envArgs)).env_kwargs.control_freq as unknown;
    return typeof hz === 'number' && hz > 0 ? hz : null;
  } catch {
    // Another simulator, or no environment at all.
    return null;
  }
}

/**
 * Where the file ends, if that is before the end that its superblock says (HDF5 file format 3.0, II.A); null where it does not,
 * and for one whose offsets have not 8 bytes.
 */
async function missingEnd(path: string): Promise<string | null> {
  const head = Buffer.alloc(48);
  const file = await open(path).catch((cause: NodeJS.ErrnoException) => {
    const seen = `${path}: ${cause.code}`;
    throw new ReflexArcError('RA_LOG_DAMAGED', { seen, allowed: 'an HDF5 file', next: 'Check the path.', cause });
  });
  try {
    const { size } = await file.stat();
    await file.read(head, 0, 48, 0);
    if (size < 48) return `at byte ${size}: ends in its superblock`;
    if (head.toString('latin1', 0, 8) !== '\x89HDF\r\n\x1a\n') return 'at byte 0: no HDF5 file';
    const [sizeAt, endAt] = head[8]! < 2 ? [13, head[8] === 0 ? 40 : 44] : [9, 28];
    if (endAt === 44 || head[sizeAt] !== 8) return null;
    const promised = Number(head.readBigUInt64LE(endAt));
    return size < promised ? `at byte ${size}: ends before byte ${promised}, and HDF5 opens no file that is cut` : null;
  } finally {
    await file.close();
  }
}
