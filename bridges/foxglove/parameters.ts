import type { Client } from './client.ts';
import type { Parameter, ParameterValue } from './protocol.ts';

/** Parameters that viewers read, and are told of when they change. They cannot change them. */
export class Parameters {
  readonly #values = new Map<string, ParameterValue>();

  /** `names` empty: all. Names that there are none of are left out. */
  get(names: readonly string[]): Parameter[] {
    const wanted = names.length === 0 ? [...this.#values.keys()] : names;
    return wanted.flatMap((name) => {
      const value = this.#values.get(name);
      return value === undefined ? [] : [{ name, value }];
    });
  }

  /** True when it is another value than before. */
  set(name: string, value: ParameterValue): boolean {
    const isOther = JSON.stringify(this.#values.get(name)) !== JSON.stringify(value);
    if (isOther) this.#values.set(name, value);
    return isOther;
  }

  /** `names` empty: all that there are now. */
  subscribe(client: Client, names: readonly string[]): void {
    for (const { name } of this.get(names)) client.parameters.add(name);
  }

  unsubscribe(client: Client, names: readonly string[]): void {
    if (names.length === 0) client.parameters.clear();
    for (const name of names) client.parameters.delete(name);
  }
}
