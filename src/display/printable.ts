/**
 * Text on its way to a terminal: what came from a file, an argument or the environment may hold characters that move
 * the cursor, colour the screen or turn the order of what follows. They become escapes that can be read. This is the
 * one place that knows which characters those are.
 */

/**
 * Controls (C0, DEL, C1), marks and overrides of the direction of writing, separators of lines and paragraphs, and
 * halves of surrogate pairs. Under the flag u a surrogate that is half of a pair is no character of its own.
 */
const STRANGE = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** Those with a shorter escape. */
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\t': '\\t', '\r': '\\r' };

/**
 * A text as one line without control characters. Escapes are those of JSON, so that a line of JSON stays the same
 * value; a text that was escaped before stays as it is.
 */
export function printable(text: string): string {
  return text.replace(STRANGE, (character) => SHORT[character] ?? escapeOf(character));
}

/** The same of a text of several lines. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

const escapeOf = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
