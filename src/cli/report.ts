import { ERRORS, type ErrorCode, ReflexArcError } from '../core/errors.ts';

/** How an error is shown. */
export interface ReportOptions {
  /** One JSON object on stdout as well, for scripts. */
  readonly json: boolean;
  /** With the stack of errors that are not of the catalogue. */
  readonly verbose: boolean;
}

/** True when `stream` is a terminal that wants colour (https://no-color.org). */
export const wantsColour = (stream: { isTTY?: boolean }): boolean =>
  stream.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb';

/** Errors of the system that are no bug of ours, by their code. */
const SYSTEM: Readonly<Record<string, ErrorCode>> = {
  EADDRINUSE: 'RA_PORT_IN_USE',
  ENOSPC: 'RA_LOG_DISK_FULL',
};

/** Any thrown value as an error of the catalogue; what is not one is RA_INTERNAL. */
export function asReflexArcError(thrown: unknown): ReflexArcError {
  if (thrown instanceof ReflexArcError) return thrown;
  const message = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  const code = SYSTEM[(thrown as NodeJS.ErrnoException | null)?.code ?? ''] ?? 'RA_INTERNAL';
  return new ReflexArcError(code, { seen: message, allowed: 'no such error', cause: thrown });
}

/** The block that an operator reads: code, then what was seen, what was allowed, what to do next. */
export function formatError(error: ReflexArcError, colour: boolean): string {
  const paint = (codes: string, text: string) => (colour ? `\u001b[${codes}m${text}\u001b[0m` : text);
  const row = (label: string, text: string) => {
    const body = text.split('\n').join(`\n${' '.repeat(11)}`);
    return `  ${paint('2', label.padEnd(9))}${body}`;
  };
  const rows = [row('seen', error.seen), row('allowed', error.allowed), row('next', error.next)];
  return [`${paint('1;31', 'error')} ${paint('1', error.code)}`, ...rows].join('\n');
}

/** Writes an error to stderr (and to stdout as JSON) and returns the exit code that belongs to it. */
export function report(thrown: unknown, options: ReportOptions): number {
  const error = asReflexArcError(thrown);
  process.stderr.write(`${formatError(error, wantsColour(process.stderr))}\n`);
  const cause = error.cause instanceof Error ? error.cause : error;
  if (options.verbose) process.stderr.write(`${cause.stack ?? cause.message}\n`);
  else if (error.code === 'RA_INTERNAL') process.stderr.write('  with --verbose it prints the stack\n');
  if (options.json) {
    const { code, seen, allowed, next } = error;
    process.stdout.write(`${JSON.stringify({ error: { code, seen, allowed, next } })}\n`);
  }
  return ERRORS[error.code].exit;
}
