/** A stream that text goes to; `isTTY` and `columns` as Node's terminals have them. */
export interface TextStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const ERASE = '\r\u001b[2K';

/**
 * One line at the bottom of a terminal that is always up to date, with finished lines above it. Where the stream is no
 * terminal, only the finished lines are written, plain.
 */
export class LiveLine {
  readonly #stream: TextStream;
  #now = '';

  constructor(stream: TextStream) {
    this.#stream = stream;
  }

  get #live(): boolean {
    return this.#stream.isTTY === true && process.env.TERM !== 'dumb';
  }

  /** Replaces the live line. Text longer than the terminal is cut, since a wrapped line cannot be erased. */
  show(text: string): void {
    if (!this.#live) return;
    const room = Math.max(10, (this.#stream.columns ?? 80) - 1);
    const cut = [...text].length > room ? `${[...text].slice(0, room - 1).join('')}…` : text;
    if (cut === this.#now) return;
    this.#now = cut;
    this.#stream.write(`${ERASE}${cut}`);
  }

  /** Writes a line that stays. */
  line(text: string): void {
    if (this.#now === '') {
      this.#stream.write(`${text}\n`);
      return;
    }
    this.#stream.write(`${ERASE}${text}\n${this.#now}`);
  }

  /** Erases the live line: nothing more will be shown. */
  done(): void {
    if (this.#now !== '') this.#stream.write(ERASE);
    this.#now = '';
  }
}

/** Rows of `name  value`, the values under one another; lines of a longer value too. No newline at the end. */
export function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(0, ...rows.map(([name]) => name.length)) + 2;
  const indent = `\n${' '.repeat(width)}`;
  return rows.map(([name, value]) => `${name.padEnd(width)}${value.split('\n').join(indent)}`.trimEnd()).join('\n');
}
