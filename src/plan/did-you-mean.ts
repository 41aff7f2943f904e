/**
 * Suggests the word that a user may have meant, for keys and names of a sweep and for words on the command line. It
 * knows words and nothing else, so the command line can have it without the schema of sweeps.
 */
import { distance } from 'fastest-levenshtein';

/** A longer word is no misspelt one. */
const WORD_LENGTH_MAX = 64;

/** `did you mean "x"?` where a known word is near, else nothing. */
export function didYouMean(word: string, known: readonly string[]): [] | [string] {
  if (word.length > WORD_LENGTH_MAX) return [];
  const near = known
    .map((candidate) => ({ candidate, edits: distance(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.edits - b.edits)[0];
  const isNear = near !== undefined && near.edits <= Math.max(2, near.candidate.length / 3);
  return isNear ? [`did you mean "${near.candidate}"?`] : [];
}
