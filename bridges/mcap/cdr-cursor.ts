/** Representation identifier of plain CDR, little-endian, as ROS 2 writes it (XCDR1: numbers are aligned to their own size). */
const PLAIN_LITTLE_ENDIAN = 0x0001;
/** Identifier and options stand before the first field; fields are aligned from behind them. */
const HEAD = 4;

const utf8 = new TextDecoder();

/**
 * Reads a message of plain little-endian CDR (OMG DDS-RTPS, 10.2) field by field, in the order of its definition, without
 * an object made. For readers that know the definition; all others decode by it.
 */
export class CdrCursor {
  #view: DataView = new DataView(new ArrayBuffer(0));
  #origin = 0;
  #at = 0;
  #end = 0;

  /** Goes to the first field of a message of `length` bytes at `from`. False: it is written another way. */
  begin(view: DataView, from: number, length: number): boolean {
    if (length < HEAD || view.getUint16(from) !== PLAIN_LITTLE_ENDIAN) return false;
    this.#view = view;
    this.#origin = from + HEAD;
    this.#at = from + HEAD;
    this.#end = from + length;
    return true;
  }

  /** @throws RangeError when more was read than the message has */
  end(): void {
    if (this.#at > this.#end) throw new RangeError(`a message that ends ${this.#at - this.#end} bytes too early`);
  }

  bool(): boolean {
    return this.#view.getUint8(this.#at++) !== 0;
  }

  uint32(): number {
    const at = this.#aligned(4);
    return this.#view.getUint32(at, true);
  }

  /** Exact up to 2^53, as are all of ours. */
  uint64(): number {
    const at = this.#aligned(8);
    return this.#view.getUint32(at, true) + 2 ** 32 * this.#view.getUint32(at + 4, true);
  }

  int64(): number {
    const at = this.#aligned(8);
    return this.#view.getUint32(at, true) + 2 ** 32 * this.#view.getInt32(at + 4, true);
  }

  float64(): number {
    const at = this.#aligned(8);
    return this.#view.getFloat64(at, true);
  }

  /** @param like what it often is: given back, and nothing made, when it is that again */
  text(like: string): string {
    const length = this.uint32();
    const from = this.#at;
    this.#take(length);
    // The zero behind it is counted.
    const n = Math.max(0, length - 1);
    let same = n === like.length;
    for (let i = 0; same && i < n; i++) same = this.#view.getUint8(from + i) === like.charCodeAt(i);
    if (same) return like;
    return utf8.decode(new Uint8Array(this.#view.buffer, this.#view.byteOffset + from, n));
  }

  skipText(): void {
    this.#take(this.uint32());
  }

  /** @param into used again when it has that many; else a new one is made */
  float64s(into: Float64Array): Float64Array {
    const n = this.uint32();
    const out = n === into.length ? into : new Float64Array(this.#room(n));
    this.#numbers(out, n);
    return out;
  }

  /** Writes them to the beginning of `buffer.values`, which is made larger where they do not fit, and says how many they are. */
  float64sInto(buffer: { values: Float64Array }): number {
    const n = this.#room(this.uint32());
    if (buffer.values.length < n) buffer.values = new Float64Array(2 * n);
    this.#numbers(buffer.values, n);
    return n;
  }

  #numbers(out: Float64Array, n: number): void {
    if (n === 0) return;
    const view = this.#view;
    let at = this.#aligned(8);
    for (let i = 0; i < n; i++, at += 8) out[i] = view.getFloat64(at, true);
    this.#at = at;
  }

  /** Goes past the next `size` bytes, aligned to `size`; where they begin. */
  #aligned(size: number): number {
    const at = this.#at + (-(this.#at - this.#origin) & (size - 1));
    this.#at = at + size;
    return at;
  }

  #take(bytes: number): void {
    this.#at += bytes;
    this.end();
  }

  /** @throws RangeError for a length that the message cannot have */
  #room(n: number): number {
    if (8 * n > this.#end - this.#at)
      throw new RangeError(`${n} numbers in a message with ${this.#end - this.#at} bytes left`);
    return n;
  }
}
