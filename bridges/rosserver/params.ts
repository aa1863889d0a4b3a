const MAX_PARAMS = 1000;
const MAX_NAME = 256;
const MAX_CHARACTERS = 64_000;

/**
 * The parameters that rosapi's clients get and set: JSON values by name, in memory, for as long as the process runs. What
 * our process sets, clients read and cannot change.
 */
export class Params {
  readonly #values = new Map<string, { json: string; ours: boolean }>();

  /** A parameter of ours. */
  declare(name: string, value: unknown): void {
    this.#values.set(globalParam(name), { json: JSON.stringify(value), ours: true });
  }

  names(): string[] {
    return [...this.#values.keys()].sort();
  }

  /** Its value as JSON; `undefined` where there is none. */
  get(name: string): string | undefined {
    return this.#values.get(globalParam(name))?.json;
  }

  has(name: string): boolean {
    return this.#values.has(globalParam(name));
  }

  /** @throws Error for what is not JSON, too large, one too many, or ours */
  set(name: string, json: string): void {
    const key = globalParam(name);
    if (key.length < 2 || key.length > MAX_NAME) throw new Error(`a name of 1 to ${MAX_NAME} characters`);
    if (json.length > MAX_CHARACTERS) throw new Error(`a value of more than ${MAX_CHARACTERS} characters`);
    if (this.#values.get(key)?.ours) throw new Error(`${key} cannot be changed`);
    if (!this.#values.has(key) && this.#values.size >= MAX_PARAMS)
      throw new Error(`more than ${MAX_PARAMS} parameters`);
    this.#values.set(key, { json: JSON.stringify(JSON.parse(json)), ours: false });
  }

  /** @throws Error when there is none, or it is ours */
  delete(name: string): void {
    const key = globalParam(name);
    if (this.#values.get(key)?.ours) throw new Error(`${key} cannot be changed`);
    if (!this.#values.delete(key)) throw new Error(`${key} is not set`);
  }

  /** The full name of the first parameter, from `name` as it stands upwards, that ends so; or empty. */
  search(name: string): string {
    if (this.has(name)) return globalParam(name);
    const end = `/${name.replace(/^\//, '')}`;
    return this.names().find((known) => known.endsWith(end)) ?? '';
  }
}

const globalParam = (name: string) => (name.startsWith('/') ? name : `/${name}`);
