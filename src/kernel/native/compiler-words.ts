/**
 * The words of the environment variable CC: a program and its arguments, split as a shell splits them. Quotes and
 * backslashes work. Variables, wildcards and other commands of a shell do not: their characters stand for themselves.
 */
import { accessSync, constants, statSync } from 'node:fs';

/**
 * The program and the arguments that a text names. A text that is the path of an executable file as a whole is one
 * word, so that a path with spaces needs no quotes. Empty for a text of blanks; null where a quote has no end.
 */
export function compilerWords(text: string): string[] | null {
  const trimmed = text.trim();
  return isExecutableFile(trimmed) ? [trimmed] : shellWords(trimmed);
}

function isExecutableFile(path: string): boolean {
  if (!path.includes('/')) return false; // a name on the PATH
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** In double quotes a backslash quotes these alone. */
const QUOTED_IN_DOUBLE = '"\\$`\n';

/**
 * Words as POSIX has them ("Shell Command Language", 2.2 Quoting); null where a quote or a last backslash quotes
 * nothing.
 */
function shellWords(text: string): string[] | null {
  const words: string[] = [];
  let word: string | null = null;
  let quote = '';
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === '\\' && quote !== "'") {
      const next = text[++i];
      if (next === undefined) return null;
      if (next === '\n') continue;
      word = (word ?? '') + (quote === '"' && !QUOTED_IN_DOUBLE.includes(next) ? `\\${next}` : next);
    } else if (character === quote) {
      quote = '';
    } else if (quote === '' && (character === '"' || character === "'")) {
      quote = character;
      word ??= '';
    } else if (quote === '' && /\s/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
    } else {
      word = (word ?? '') + character;
    }
  }
  if (quote !== '') return null;
  return word === null ? words : [...words, word];
}
