import type { Gate, GateParts } from '../../controllers/safety/gate.ts';
import { EntryBuffer } from '../../src/pipeline/journal/entry.ts';
import { GateJournal } from '../../src/pipeline/journal/journal.ts';
import { Rig } from '../controllers/safety/rig.ts';

const PORT = [
  ...['boot', 'ingestState', 'ingestRange', 'observeSource', 'ingestTarget', 'ingestDecision', 'ingestEcho'],
  ...['observeLink', 'report', 'request', 'tick', 'sent'],
];

/** A rig whose every call of the gate goes through a journal. `entries` is what was handed over so far. */
export class JournalledRig extends Rig {
  readonly journal = new GateJournal();
  readonly #handed = new EntryBuffer();

  constructor(changes: Record<string, unknown> = {}, parts: Partial<GateParts> = {}) {
    super(changes, parts);
    const { gate, journal } = this;
    journal.keep(gate, 10);
    (this as { gate: Gate }).gate = new Proxy(gate, {
      get: (_, name) => {
        const owner = PORT.includes(String(name)) ? journal : gate;
        const value = Reflect.get(owner, name, owner) as unknown;
        return typeof value === 'function' ? value.bind(owner) : value;
      },
    });
  }

  get entries(): Float64Array {
    this.journal.flush((values, from, to) => {
      this.#handed.all(values.subarray(from, to));
      return true;
    });
    return this.#handed.values.slice(0, this.#handed.count);
  }
}
