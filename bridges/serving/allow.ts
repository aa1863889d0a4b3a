/** Names that clients may use, as globs in the manner of rosbridge: `*` is any text, slashes included, `?` a character. */
export interface AllowLists {
  publish: readonly string[];
  subscribe: readonly string[];
  /** Services and actions, to call or to offer. */
  call: readonly string[];
}
export type Use = keyof AllowLists;
export type Allowed = (use: Use, name: string) => boolean;

export const ALLOW_ALL: AllowLists = { publish: ['*'], subscribe: ['*'], call: ['*'] };

export function allowed(lists: AllowLists): Allowed {
  const tests = {
    publish: lists.publish.map(pattern),
    subscribe: lists.subscribe.map(pattern),
    call: lists.call.map(pattern),
  };
  return (use, name) => tests[use].some((test) => test.test(name));
}

/** A run of `*` is one: more would only be slow to match. */
const pattern = (glob: string) =>
  new RegExp(
    `^${glob
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replace(/\*+/g, '[^]*')
      .replace(/\?/g, '[^]')}$`,
  );
