/**
 * Where commands write: results to stdout, messages for people to stderr. A reader that goes away (`| head`) is no
 * error. No control character leaves from here, whatever is to be written.
 */
import { printable, printableLines } from '../display/printable.ts';

/** Writes a line to stdout. */
export function printLine(line: string): void {
  process.stdout.write(`${printable(line)}\n`);
}

/** Writes a line of JSON to stdout; numbers that JSON does not know become the strings NaN, Infinity and -Infinity. */
export function printJson(value: unknown): void {
  printLine(
    JSON.stringify(value, (_, item) => (typeof item === 'number' && !Number.isFinite(item) ? String(item) : item)),
  );
}

/** Writes a line for people to stderr. */
export function tellUser(line: string): void {
  process.stderr.write(`${printable(line)}\n`);
}

/** Writes a text of lines to stdout. */
export function printText(text: string): void {
  process.stdout.write(printableLines(text));
}

/** Writes a text of lines for people to stderr. */
export function tellText(text: string): void {
  process.stderr.write(printableLines(text));
}
