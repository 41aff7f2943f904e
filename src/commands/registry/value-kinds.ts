/**
 * The kinds of values that options and arguments of the command line take. A kind parses a text, says in words what it
 * expects, and knows what a shell can offer for it. Kinds know no command and no option.
 */
import { join } from 'node:path';
import type { Problem } from '../../../schemas/problems.ts';
import type { EpochRange } from '../../../schemas/replay-messages.ts';
import type { Shard } from '../../../schemas/shard.ts';
import { SWEEP_LIMITS } from '../../../schemas/sweep-limits.ts';
import { didYouMean } from '../../plan/did-you-mean.ts';

/** Where runs go unless --out says otherwise. */
export const RUNS_FOLDER = join('traces', 'runs');

/** The largest numbers of networks and epochs that make sense, both included. */
export interface RunLimits {
  readonly networkMax: number;
  readonly epochMax: number;
}

/** What holds for every run. */
export const ANY_RUN: RunLimits = {
  networkMax: SWEEP_LIMITS.networkCountMax - 1,
  epochMax: SWEEP_LIMITS.epochCountMax,
};

/** The value of a text, or everything that is wrong with it. */
export type Parsed<Value> = { readonly value: Value } | { readonly problems: readonly Problem[] };

/** What stands around a text: the option or argument that problems name, and the limits of the run in question. */
export interface Place {
  readonly where: string;
  readonly limits: RunLimits;
}

/** What a shell offers to complete a value with. */
export type Offer = { readonly words: readonly string[] } | 'runs' | 'folders' | 'files' | 'nothing';

/** One kind of value. */
export interface ValueKind<Value> {
  readonly parse: (text: string, place: Place) => Parsed<Value>;
  /** The values in words, for the reference: `a whole number from 1 to 1024`. */
  readonly expected: string;
  readonly offer: Offer;
}

/** A number, or a limit of the run that the command is about. */
type Bound = number | keyof RunLimits;

const BOUND_TEXTS: Readonly<Record<keyof RunLimits, string>> = {
  networkMax: "the run's last network",
  epochMax: "the run's last epoch",
};
const boundOf = (bound: Bound, limits: RunLimits): number => (typeof bound === 'number' ? bound : limits[bound]);
const boundText = (bound: Bound): string => (typeof bound === 'number' ? String(bound) : BOUND_TEXTS[bound]);

const refused = (where: string, text: string, expected: string): { problems: Problem[] } => ({
  problems: [{ where, got: JSON.stringify(text), expected }],
});

/** A whole number from `min` to `max`, both included. */
export function wholeNumber({ min, max }: { min: number; max: Bound }): ValueKind<number> {
  return {
    parse: (text, { where, limits }) => {
      const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
      if (value >= min && value <= boundOf(max, limits)) return { value };
      return refused(where, text, `a whole number from ${min} to ${boundOf(max, limits)}`);
    },
    expected: `a whole number from ${min} to ${boundText(max)}`,
    offer: 'nothing',
  };
}

/** Part I of N, as `2/4`. */
export const shard: ValueKind<Shard> = {
  parse: (text, { where }) => {
    const match = /^([1-9]\d{0,6})\/([1-9]\d{0,6})$/.exec(text);
    const [index, count] = match === null ? [1, 0] : [Number(match[1]), Number(match[2])];
    return index <= count ? { value: { index, count } } : refused(where, text, 'I/N with I from 1 to N, as 2/4');
  },
  expected: 'I/N with I from 1 to N, as 2/4',
  offer: 'nothing',
};

/** Numbers from 0 to `max` and ranges of them, `3,17-20` or `0..100,5000..5100`, in the order of the text. */
export function ranges(options: { max: Bound; separator: '-' | '..' }): ValueKind<readonly EpochRange[]> {
  const { separator } = options;
  const parsePart = (part: string, max: number): EpochRange | null => {
    const ends = part.split(separator);
    const [first, last] = [ends[0], ends[ends.length - 1]].map((end) => (/^\d+$/.test(end) ? Number(end) : Number.NaN));
    return ends.length <= 2 && first <= last && last <= max ? { first, last } : null;
  };
  return {
    parse: (text, { where, limits }) => {
      const max = boundOf(options.max, limits);
      const example = `${Math.min(3, max)}${separator}${max}`;
      const expected = `whole numbers from 0 to ${max}, or ranges of them such as ${example}`;
      const parts = text.split(',').map((part) => part.trim());
      const found = parts.map((part) => parsePart(part, max));
      const problems = parts.flatMap((part, i) => (found[i] === null ? refused(where, part, expected).problems : []));
      return problems.length > 0 ? { problems } : { value: found.filter((range) => range !== null) };
    },
    expected: `whole numbers from 0 to ${boundText(options.max)}, or ranges of them such as 3${separator}20`,
    offer: 'nothing',
  };
}

/** One of a list of words. A word that is nearly one of them is suggested. */
export function word<const Word extends string>(words: readonly Word[]): ValueKind<Word> {
  const expected = `one of ${words.join(', ')}`;
  return {
    parse: (text, { where }) => {
      const value = words.find((known) => known === text);
      if (value !== undefined) return { value };
      const [remedy] = didYouMean(text, words);
      const problem = { where, got: JSON.stringify(text), expected, ...(remedy !== undefined && { remedy }) };
      return { problems: [problem] };
    },
    expected,
    offer: { words },
  };
}

/** A folder, which need not exist. */
export const folder: ValueKind<string> = {
  parse: (text, { where }) => (text === '' ? refused(where, text, 'a folder') : { value: text }),
  expected: 'a folder',
  offer: 'folders',
};

/** A sweep file. The command that reads it says what is wrong with it. */
export const sweepFile: ValueKind<string> = {
  parse: (text) => ({ value: text }),
  expected: 'a sweep file (YAML)',
  offer: 'files',
};

/** A run by path, prefix or `latest`. The command that looks for it says whether there is one. */
export const runName: ValueKind<string> = {
  parse: (text) => ({ value: text }),
  expected: `a path, a unique prefix of a folder under ${RUNS_FOLDER}, or latest`,
  offer: 'runs',
};
