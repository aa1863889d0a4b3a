import type { Path } from './source.ts';

export interface Finding {
  readonly path: Path;
  /** Continues the key: `force_soft` + ` 31 N is not below …`. */
  readonly text: string;
}

/** What was found of a config, in the order in which it was looked at. */
export class Notes {
  readonly problems: Finding[] = [];
  readonly warnings: Finding[] = [];

  refuse(when: boolean, path: Path, text: string): void {
    if (when) this.problems.push({ path, text });
  }

  warn(when: boolean, path: Path, text: string): void {
    if (when) this.warnings.push({ path, text });
  }
}
