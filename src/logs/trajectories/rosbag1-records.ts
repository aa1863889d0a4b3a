/** Records of a ROS 1 bag, format 2.0 (wiki.ros.org/Bags/Format/2.0): header length, header, data length, data. */
export const OP = { message: 0x02, bag: 0x03, chunkInfo: 0x06, chunk: 0x05, connection: 0x07 } as const;
export const MAGIC = '#ROSBAG V2.0\n';

/** More than any writer makes of one record; a damaged length must not ask for all the memory there is. */
export const MAX_RECORD_BYTES = 2 ** 30;

const text = new TextDecoder();

/** Fields of a record: four bytes of length, `name=value`. @throws RangeError where a field does not fit */
export class Fields {
  readonly #values = new Map<string, DataView>();

  constructor(bytes: Uint8Array) {
    const view = viewOf(bytes);
    for (let at = 0; at < bytes.length; ) {
      const length = view.getUint32(at, true);
      at += 4;
      const field = bytes.subarray(at, at + length);
      const equals = field.indexOf(0x3d);
      if (field.length < length || equals < 1) throw new RangeError('a field that is no name=value');
      this.#values.set(text.decode(field.subarray(0, equals)), viewOf(field.subarray(equals + 1)));
      at += length;
    }
  }

  #get(name: string): DataView {
    const value = this.#values.get(name);
    if (value === undefined) throw new RangeError(`no field ${name}`);
    return value;
  }

  get op(): number {
    return this.#get('op').getUint8(0);
  }
  text(name: string): string {
    return text.decode(this.#get(name));
  }
  uint32(name: string): number {
    return this.#get(name).getUint32(0, true);
  }
  uint64(name: string): bigint {
    return this.#get(name).getBigUint64(0, true);
  }
  /** ns */
  time(name: string): bigint {
    const view = this.#get(name);
    return BigInt(view.getUint32(0, true)) * 1_000_000_000n + BigInt(view.getUint32(4, true));
  }
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export interface BagRecord {
  /** Where it begins. */
  readonly at: number;
  readonly fields: Fields;
  readonly data: Uint8Array;
}

/** What cannot be read, and where. */
export class Unreadable extends Error {
  readonly at: number;
  constructor(at: number, why: string) {
    super(why);
    this.at = at;
  }
}

/** The records of a chunk. @throws Unreadable at an offset in the chunk, after the records before it */
export function* recordsOf(bytes: Uint8Array): Generator<BagRecord> {
  for (let at = 0; at < bytes.length; ) {
    const record = recordAt(bytes, at);
    yield record.record;
    at = record.next;
  }
}

function recordAt(bytes: Uint8Array, at: number): { record: BagRecord; next: number } {
  const view = viewOf(bytes);
  const part = (from: number): Uint8Array => {
    const length = from + 4 <= bytes.length ? view.getUint32(from, true) : Number.POSITIVE_INFINITY;
    if (from + 4 + length > bytes.length) throw new Unreadable(at, 'ends in the middle of a record');
    return bytes.subarray(from + 4, from + 4 + length);
  };
  const header = part(at);
  const data = part(at + 4 + header.length);
  try {
    return { record: { at, fields: new Fields(header), data }, next: at + 8 + header.length + data.length };
  } catch (error) {
    throw new Unreadable(at, (error as Error).message);
  }
}
