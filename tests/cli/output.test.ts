import { describe, expect, it } from 'vitest';
import { LiveLine, type TextStream, table } from '../../src/cli/output.ts';

/** A stream that keeps what was written; a terminal of `columns` when they are given. */
class Paper implements TextStream {
  text = '';
  readonly isTTY: boolean;
  readonly columns: number;
  constructor(columns = 0) {
    this.isTTY = columns > 0;
    this.columns = columns;
  }
  write(text: string): void {
    this.text += text;
  }
}

/** What a terminal shows of `text`: carriage return and "erase the line" obeyed. */
const screen = (text: string) =>
  text
    .split('\n')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape is what is tested
    .map((line) => line.split(/\r\u001b\[2K/).at(-1)!)
    .join('\n');

describe('LiveLine on a terminal', () => {
  it('keeps one line up to date below the lines that stay', () => {
    const paper = new Paper(80);
    const live = new LiveLine(paper);
    live.show('episode 1');
    live.show('episode 1, 5 mm');
    live.line('episode 1: success');
    live.show('episode 2');
    expect(screen(paper.text)).toBe('episode 1: success\nepisode 2');
    live.done();
    expect(screen(paper.text)).toBe('episode 1: success\n');
  });

  it('cuts what would wrap, by characters and not by bytes', () => {
    const paper = new Paper(20);
    new LiveLine(paper).show('µ'.repeat(30));
    expect(screen(paper.text)).toBe(`${'µ'.repeat(18)}…`);
  });

  it('writes nothing when nothing changed', () => {
    const paper = new Paper(80);
    const live = new LiveLine(paper);
    live.show('same');
    const once = paper.text;
    live.show('same');
    expect(paper.text).toBe(once);
  });
});

describe('LiveLine elsewhere', () => {
  it('writes the lines that stay, plain, and nothing else', () => {
    const paper = new Paper();
    const live = new LiveLine(paper);
    live.show('progress');
    live.line('done 1');
    live.show('progress');
    live.line('done 2');
    live.done();
    expect(paper.text).toBe('done 1\ndone 2\n');
  });
});

describe('table', () => {
  it('puts values under one another, also those of several lines', () => {
    const rows: [string, string][] = [
      ['robot', 'fr3'],
      ['files', 'a.yaml\nb.yaml'],
      ['log', ''],
    ];
    expect(table(rows)).toBe('robot  fr3\nfiles  a.yaml\n       b.yaml\nlog');
    expect(table([])).toBe('');
  });
});
