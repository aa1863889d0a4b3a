import { fieldsOf } from '../../../bridges/messages/fields.ts';
import { longType } from '../../../bridges/messages/names.ts';
import { nearest } from '../../core/config/nearest.ts';
import type { RobotConfig, TaskConfig } from '../../core/config-schema.ts';
import { ReflexArcError } from '../../core/errors.ts';
import {
  type FeatureConfig,
  type NormaliseConfig,
  type ObservationConfig,
  type ObservedTopicConfig,
  UNIT_SIZES,
  type VectorConfig,
} from '../../core/observation-schema.ts';
import { Feature, featureWidth } from './feature.ts';
import { decoderOf } from './images/decode.ts';
import { ImageSlot } from './images/slot.ts';
import { type ImageSource, ObservationMapping } from './mapping.ts';
import { type Normalisation, normalisationOf } from './normalise.ts';
import { PathComplaint, parsePath } from './path.ts';
import { type JointNames, resolvePath } from './resolve.ts';
import { FieldSource } from './source.ts';
import { namedTopics, observationOf } from './topics.ts';
import { ObservationVector } from './vector.ts';

type Path = readonly (string | number)[];

/** Numbers of one vector: more would not fit the frames that the processes of the daemon exchange. */
const MAX_VECTOR = 2048;
const IMAGE_TYPES: readonly string[] = ['sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage'];
const HOLD: ObservedTopicConfig = { sync: 'hold', max_age_ms: 100, delay_ms: 0 };

/**
 * Makes the mapping of a task: all paths parsed and held against the message definitions, all buffers laid out.
 * @param placeOf - where the value at a config path was written, to begin a complaint with
 * @throws ReflexArcError RA_CONFIG_INVALID with every complaint: unknown topic, field, joint, index, shapes that do not fit
 */
export function compileObservation(
  robot: RobotConfig,
  task: TaskConfig,
  placeOf: (path: Path) => string = () => '',
): ObservationMapping {
  const compiler = new Compiler(robot, task, placeOf);
  const mapping = compiler.compile();
  if (mapping === null)
    throw new ReflexArcError('RA_CONFIG_INVALID', {
      seen: compiler.complaints.join('\n'),
      allowed: 'topics, fields, joints and shapes that are there (README, Observations)',
    });
  return mapping;
}

class Compiler {
  readonly complaints: string[] = [];
  readonly #config: ObservationConfig;
  readonly #joints: JointNames;
  readonly #types: Map<string, string>;
  readonly #placeOf: (path: Path) => string;
  /** One source for each path and filter: features share it. */
  readonly #sources = new Map<string, { topic: string; source: FieldSource }>();

  constructor(robot: RobotConfig, task: TaskConfig, placeOf: (path: Path) => string) {
    this.#config = observationOf(robot, task);
    this.#joints = { robot: robot.joints.map((j) => j.name), extra: this.#config.extra_joints };
    this.#placeOf = placeOf;
    this.#types = namedTopics(robot, task);
    for (const [topic, { type }] of Object.entries(this.#config.topics)) this.#declare(topic, type);
  }

  compile(): ObservationMapping | null {
    const { base, residual, topics } = this.#config;
    const vectors = [this.#vector('base', base), residual === undefined ? null : this.#vector('residual', residual)];
    const images = this.#images();
    const used = new Set([...[...this.#sources.values()].map((s) => s.topic), ...images.keys()]);
    for (const topic of Object.keys(topics)) {
      if (used.has(topic) || this.complaints.length > 0) continue;
      const guess = nearest(topic, [...used]);
      this.#complain(['topics', topic], `is used by no feature${guess ? `; did you mean ${guess}?` : ''}`);
    }
    if (this.complaints.length > 0) return null;
    const sources = new Map<string, FieldSource[]>();
    for (const { topic, source } of this.#sources.values()) {
      const there = sources.get(topic);
      if (there === undefined) sources.set(topic, [source]);
      else there.push(source);
    }
    return new ObservationMapping({ sources, images, base: vectors[0]!, residual: vectors[1]! });
  }

  /** A type for a topic that has one already must be the same. */
  #declare(topic: string, type: string | undefined): void {
    if (type === undefined) return;
    const known = this.#types.get(topic);
    if (known !== undefined && known !== longType(type))
      this.#complain(['topics', topic, 'type'], `= ${type}: robot and task say that ${topic} is ${known}`);
    else this.#types.set(topic, longType(type));
  }

  #vector(name: 'base' | 'residual', config: VectorConfig): ObservationVector | null {
    const features = config.features.map((feature, i) =>
      this.#attempt([name, 'features', i], () => this.#feature(feature)),
    );
    if (features.some((feature) => feature === null)) return null;
    const whole = features as Feature[];
    const width = whole.reduce((sum, f) => sum + f.size, 0);
    return this.#attempt([name], () => {
      if (width * config.history > MAX_VECTOR)
        throw new PathComplaint(`has ${width * config.history} numbers; at most ${MAX_VECTOR}`);
      return new ObservationVector(whole, this.#normalisation(config.normalise, width), config.history);
    });
  }

  #feature(config: FeatureConfig): Feature {
    const { from, minus, rotation, low_pass_hz: lowPassHz, history } = config;
    const source = this.#source(from, lowPassHz);
    const reference = minus === undefined ? null : this.#source(minus, undefined);
    if (reference !== null && (reference.kind !== source.kind || reference.width !== source.width))
      throw new PathComplaint(
        `${from}: has ${source.width} numbers of a ${source.kind}, but minus ${minus} has ${reference.width} of a ${reference.kind}`,
      );
    if (config.unit !== undefined && source.kind === 'quaternion')
      throw new PathComplaint(`${from}: is a rotation, which has no unit ${config.unit}`);
    const width = featureWidth(source, rotation);
    return new Feature({
      name: config.name ?? (minus === undefined ? from : `${from} - ${minus}`),
      source,
      reference,
      unit: config.unit === undefined ? null : UNIT_SIZES[config.unit],
      rotation,
      positiveW: config.quaternion_sign === 'w_positive',
      scale: eachElement('scale', config.scale, width),
      offset: eachElement('offset', config.offset, width),
      normalisation: this.#normalisation(config.normalise, width),
      history,
    });
  }

  #source(text: string, lowPassHz: number | undefined): FieldSource {
    const key = `${text} ${lowPassHz ?? ''}`;
    const known = this.#sources.get(key);
    if (known !== undefined) return known.source;
    const say = (why: string): never => {
      throw new PathComplaint(`${text}: ${why}`);
    };
    try {
      const path = parsePath(text);
      const type = this.#types.get(path.topic) ?? say(this.#unknownTopic(path.topic));
      const reader = resolvePath(path, type, this.#joints);
      const time = this.#config.topics[path.topic] ?? HOLD;
      if (lowPassHz !== undefined && reader.kind !== 'vector')
        say('low_pass_hz filters numbers, not rotations: take the position by itself');
      if (time.delay_ms > 0 && time.sync === 'hold')
        say(`delay_ms ${time.delay_ms} needs sync nearest or interpolate, by stamp`);
      const fields = fieldsOf(type);
      if (time.sync !== 'hold' && fields !== undefined && fields[0]?.type !== 'std_msgs/Header')
        say(`sync ${time.sync} goes by stamps, and ${type} has none: allowed is hold`);
      const source = new FieldSource(path.topic, reader, time, lowPassHz);
      this.#sources.set(key, { topic: path.topic, source });
      return source;
    } catch (error) {
      if (error instanceof PathComplaint && !error.message.startsWith(text)) return say(error.message);
      throw error;
    }
  }

  #images(): Map<string, ImageSource[]> {
    const byTopic = new Map<string, ImageSource[]>();
    for (const [i, image] of this.#config.images.entries())
      this.#attempt(['images', i], () => {
        const { topic } = image;
        const type = this.#types.get(topic);
        if (type === undefined) throw new PathComplaint(`${topic}: ${this.#unknownTopic(topic)}`);
        if (!IMAGE_TYPES.includes(type))
          throw new PathComplaint(`${topic}: is ${type}, no sensor_msgs/msg/Image or CompressedImage`);
        const { sync, max_age_ms: age } = this.#config.topics[topic] ?? HOLD;
        if (sync !== 'hold')
          throw new PathComplaint(`${topic}: the newest image is taken: sync ${sync} is not possible`);
        const slot = new ImageSlot(
          image,
          decoderOf(image, type),
          age === 'none' ? Number.POSITIVE_INFINITY : age * 1e6,
        );
        byTopic.set(topic, [...(byTopic.get(topic) ?? []), slot]);
      });
    return byTopic;
  }

  #normalisation(config: NormaliseConfig | undefined, width: number): Normalisation | null {
    return config === undefined ? null : normalisationOf(config, width);
  }

  #unknownTopic(topic: string): string {
    const guess = nearest(topic, [...this.#types.keys()]);
    return guess
      ? `no such topic; did you mean ${guess}?`
      : `its type is not known: say \`${topic}: { type: pkg/msg/Type }\` under observation.topics`;
  }

  #attempt<T>(path: Path, act: () => T): T | null {
    try {
      return act();
    } catch (error) {
      if (!(error instanceof PathComplaint)) throw error;
      this.#complain(path, error.message);
      return null;
    }
  }

  #complain(path: Path, text: string): void {
    const full = ['task', 'observation', ...path];
    const place = this.#placeOf(full);
    const key = full.reduce<string>((s, p) => (typeof p === 'number' ? `${s}[${p}]` : s === '' ? p : `${s}.${p}`), '');
    this.complaints.push(`${place === '' ? '' : `${place}: `}${key} ${text}`);
  }
}

/** One number for all elements, or one each. @throws PathComplaint */
function eachElement(what: string, given: number | number[] | undefined, width: number): Float64Array | null {
  if (given === undefined) return null;
  if (typeof given === 'number') return new Float64Array(width).fill(given);
  if (given.length !== width) throw new PathComplaint(`has ${given.length} numbers of ${what}, but ${width} elements`);
  return Float64Array.from(given);
}
