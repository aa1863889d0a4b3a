import { MessageWriter } from '@foxglove/rosmsg2-serialization';
import { asCdrText } from './raw-writer.ts';
import type { Definitions } from './types.ts';

type Field = Definitions[number]['definitions'][number];
type Convert = (value: unknown) => unknown;

/** What MessageWriter takes as it is: the value itself comes back. */
const asItIs: Convert = (value) => value;

/**
 * Writes messages of our own process as CDR, as ROS 2 has them in logs and on live channels. The message given is not
 * changed. `definitions`: that of the type, then those of all that it uses.
 *
 * The function throws RangeError for a 64-bit integer that is not finite, TypeError for a message that is no object.
 */
export function cdrWriter(definitions: Definitions): (message: unknown) => Uint8Array {
  const writer = new MessageWriter(definitions);
  const convert = converter(definitions);
  return (message) => writer.writeMessage(convert(message));
}

/**
 * Makes the function that spells a message as MessageWriter needs it, by its parsed definition: BigInt in 64-bit
 * integers, NaN where a bridge delivered `null` for a float (JSON has no NaN; MessageWriter would write 0), and strings
 * whose `length` is their number of UTF-8 bytes. What needs nothing is not copied.
 */
function converter(definitions: Definitions): Convert {
  const byName = new Map(definitions.map((d) => [d.name ?? '', d.definitions]));
  const root = definitions[0]?.definitions ?? [];
  const convert = ofFields(root, byName);
  return (message) => {
    if (typeof message !== 'object' || message === null) throw new TypeError(`${message} is not a message`);
    return convert(message);
  };
}

function ofFields(fields: readonly Field[], byName: ReadonlyMap<string, Field[]>): Convert {
  const needed: { name: string; convert: Convert }[] = [];
  for (const field of fields) {
    if (field.isConstant === true) continue;
    const one = field.isComplex === true ? ofFields(byName.get(field.type) ?? [], byName) : ofType(field.type);
    if (one !== asItIs) needed.push({ name: field.name, convert: field.isArray === true ? ofItems(one) : one });
  }
  if (needed.length === 0) return asItIs;
  return (message) => {
    let out = message as Record<string, unknown>;
    if (typeof out !== 'object' || out === null) return message;
    for (const { name, convert } of needed) {
      const value = out[name];
      const converted = convert(value);
      if (Object.is(converted, value)) continue;
      if (out === message) out = { ...out };
      out[name] = converted;
    }
    return out;
  };
}

function ofType(type: string): Convert {
  switch (type) {
    case 'int64':
    case 'uint64':
      return (value) => (typeof value === 'number' ? BigInt(Math.trunc(value)) : value);
    case 'float32':
    case 'float64':
      return (value) => (value === null ? Number.NaN : value);
    case 'string':
      return (value) => (typeof value === 'string' ? asCdrText(value) : value);
    default:
      return asItIs;
  }
}

function ofItems(one: Convert): Convert {
  return (items) => {
    // A typed array holds numbers of its own kind already: right as it is, or BigInt64Array for 64 bits.
    if (!Array.isArray(items)) return items;
    let out: unknown[] = items;
    for (let i = 0; i < items.length; i++) {
      const converted = one(items[i]);
      if (Object.is(converted, items[i])) continue;
      if (out === items) out = items.slice();
      out[i] = converted;
    }
    return out;
  };
}
