import { ReflexArcError } from '../../core/errors.ts';
import { type Channel, type Findings, type Sample, type Samples, untilDamage } from './trajectory.ts';

/** A vector of a frame: channels, one after another. */
export interface Feature {
  readonly name: string;
  readonly channels: readonly string[];
}

/** An episode at a fixed rate. */
export interface FramedEpisode {
  readonly index: number;
  readonly task: string;
  readonly length: number;
  /** By feature: [length][entries], all finite, as float32 too. */
  readonly rows: ReadonlyMap<string, readonly Float64Array[]>;
}

export interface Frames {
  /** Names of the numbers of each feature. */
  readonly entries: ReadonlyMap<string, readonly string[]>;
  readonly episodes: readonly FramedEpisode[];
  /** What ended the source too early; null: all of it was read. */
  readonly damage: Error | null;
}

/** A value that stands still for so many frames is told: a sensor may have been gone. */
const HELD_FRAMES = 10;

/**
 * Samples at a fixed rate, as policies are trained on them: frame k of an episode is at its begin + k / fps, and has the last
 * value of each channel at or before that (nothing is interpolated, nothing comes from the future). An episode begins when all
 * channels have a value and ends with the first channel that ends. One that lacks a channel, or holds a number that is not
 * finite as float32, is left out whole and told. Without `wanted` each channel is a feature. Holds all of it in memory.
 * @throws ReflexArcError RA_USAGE for a channel that nobody has, and where no episode is left
 */
export async function framesOf(
  samples: Samples,
  fps: number,
  wanted: readonly Feature[] | null,
  findings: Findings,
): Promise<Frames> {
  let damage: Error | null = null;
  const channels = new Map<string, Channel>();
  const episodes = new Map<number, { task: string; series: Map<string, Sample[]> }>();
  for await (const sample of untilDamage(samples, (error) => (damage = error))) {
    const { channel, episode } = sample;
    if (wanted !== null && !wanted.some((feature) => feature.channels.includes(channel.name))) continue;
    channels.set(channel.name, channel);
    const of = episodes.get(episode.index) ?? { task: episode.task, series: new Map<string, Sample[]>() };
    episodes.set(episode.index, of);
    const series = of.series.get(channel.name);
    if (series === undefined) of.series.set(channel.name, [sample]);
    else series.push(sample);
  }
  const features = wanted ?? [...channels.keys()].map((name) => ({ name, channels: [name] }));
  const missing = features.flatMap((feature) => feature.channels).find((name) => !channels.has(name));
  if (missing !== undefined)
    throw new ReflexArcError('RA_USAGE', {
      seen: `no channel ${missing}`,
      allowed: '`export --format csv` shows the channels of a log in its first row',
    });
  const framed = [...episodes].flatMap(([index, { task, series }]) => {
    const episode = frame({ index, task, series }, fps, features, findings);
    return episode === null ? [] : [episode];
  });
  if (framed.length === 0)
    throw (
      damage ??
      new ReflexArcError('RA_USAGE', {
        seen: findings.all.map(({ place, of, why }) => `${place}: ${of}: ${why}`).join('; ') || 'no samples',
        allowed: 'an episode in which every channel has finite numbers',
      })
    );
  const entries = new Map(features.map((feature) => [feature.name, entriesOf(feature, channels)]));
  return { entries, episodes: framed, damage };
}

/** Of one channel its own; of several, with the channel's name before each. */
function entriesOf(feature: Feature, channels: ReadonlyMap<string, Channel>): string[] {
  return feature.channels.flatMap((name) => {
    const { entries } = channels.get(name)!;
    if (feature.channels.length === 1 && !(entries.length === 1 && entries[0] === '')) return [...entries];
    return entries.map((entry) => (entry === '' ? name : `${name}.${entry}`));
  });
}

function frame(
  episode: { index: number; task: string; series: Map<string, Sample[]> },
  fps: number,
  features: readonly Feature[],
  findings: Findings,
): FramedEpisode | null {
  const { index, task } = episode;
  const refuse = (of: string, why: string) => {
    findings.tell(of, why, false, `episode ${index}`);
    return null;
  };
  const names = [...new Set(features.flatMap((feature) => feature.channels))];
  const all = new Map<string, Sample[]>();
  for (const name of names) {
    const series = episode.series.get(name);
    if (series === undefined) return refuse(name, 'no samples in an episode');
    all.set(
      name,
      series.sort((a, b) => (a.timeNs < b.timeNs ? -1 : a.timeNs > b.timeNs ? 1 : 0)),
    );
  }
  const ends = [...all.values()];
  const begin = ends.map((series) => series[0]!.timeNs).reduce((a, b) => (a > b ? a : b));
  const end = ends.map((series) => series.at(-1)!.timeNs).reduce((a, b) => (a < b ? a : b));
  if (end < begin) return refuse(names.join(', '), 'no time at which all have a value');
  const held = new Map<string, Float64Array[]>();
  for (const [name, series] of all) {
    const { values, bad, longest } = hold(series, begin, end, fps);
    if (bad >= 0) return refuse(name, `a number that is not finite, at frame ${bad}`);
    if (longest > HELD_FRAMES)
      findings.tell(name, `one value for more than ${HELD_FRAMES} frames`, true, `episode ${index}`);
    held.set(name, values);
  }
  const length = held.get(names[0]!)!.length;
  const rows = new Map(
    features.map(({ name, channels }) => [
      name,
      Array.from({ length }, (_, k) => Float64Array.from(channels.flatMap((channel) => [...held.get(channel)![k]!]))),
    ]),
  );
  return { index, task, length, rows };
}

/** Time of frame k after the first, ns: whole numbers, so that what was made of frames gives the same frames again. */
export const frameNs = (k: number, fps: number): bigint => BigInt(Math.round((k * 1e9) / fps));

/** The last value at or before each frame; `bad`: the first frame that is not finite; `longest`: frames with one value. */
function hold(series: readonly Sample[], begin: bigint, end: bigint, fps: number) {
  const values: Float64Array[] = [];
  let bad = -1;
  let longest = 0;
  let same = 0;
  let last = -1;
  for (let k = 0; ; k++) {
    const at = begin + frameNs(k, fps);
    if (at > end) break;
    const before = last;
    while (last + 1 < series.length && series[last + 1]!.timeNs <= at) last++;
    same = last === before ? same + 1 : 1;
    longest = Math.max(longest, same);
    const value = series[last]!.values;
    if (bad < 0 && !value.every((v) => Number.isFinite(Math.fround(v)))) bad = k;
    values.push(value);
  }
  return { values, bad, longest };
}
