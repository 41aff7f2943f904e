/** Options of the command line as numbers, with the problems they may have. */
import type { Problem } from '../../schemas/problems.ts';
import type { EpochRange } from '../../schemas/replay.ts';
import type { Shard } from '../../schemas/shard.ts';
import { didYouMean } from '../plan/explain.ts';
import { LEASE_SECONDS_DEFAULT, LEASE_SECONDS_MIN } from '../run/lease.ts';
import { defaultThreads } from '../run/machine.ts';

/** The whole number in an option's text; null where the option is not given or wrong, and then `problems` says so. */
export function wholeNumberOption(
  name: string,
  text: string | undefined,
  range: { min: number; max: number },
  problems: Problem[],
): number | null {
  if (text === undefined) return null;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= range.min && value <= range.max) return value;
  problems.push({
    where: name,
    got: JSON.stringify(text),
    expected: `a whole number from ${range.min} to ${range.max}`,
  });
  return null;
}

/** The seconds in the text of --lease. */
export function leaseOption(text: string | undefined, problems: Problem[]): number {
  const range = { min: LEASE_SECONDS_MIN, max: 86_400 };
  return wholeNumberOption('--lease', text, range, problems) ?? LEASE_SECONDS_DEFAULT;
}

/** The number in the text of --threads; what the machine grants where it is not given. */
export function threadsOption(text: string | undefined, problems: Problem[]): number {
  return wholeNumberOption('--threads', text, { min: 1, max: 1024 }, problems) ?? defaultThreads();
}

/** The shard in the text of --shard; null where it is not given or wrong, and then `problems` says so. */
export function shardOption(text: string | undefined, problems: Problem[]): Shard | null {
  if (text === undefined) return null;
  const match = /^([1-9]\d{0,6})\/([1-9]\d{0,6})$/.exec(text);
  const [index, count] = match === null ? [1, 0] : [Number(match[1]), Number(match[2])];
  if (index <= count) return { index, count };
  problems.push({ where: '--shard', got: JSON.stringify(text), expected: 'I/N with I from 1 to N, as 2/4' });
  return null;
}

/** The problem of an option that takes one of a list of words; none where it is right or not given. */
export function unknownWord(option: string, value: string | undefined, known: readonly string[]): Problem[] {
  if (value === undefined || known.includes(value)) return [];
  const [remedy] = didYouMean(value, known);
  const expected = `one of ${known.join(', ')}`;
  return [{ where: option, got: JSON.stringify(value), expected, ...(remedy !== undefined && { remedy }) }];
}

/**
 * The ranges in an option's text, `3,17-20` or `0..100,5000..5100`: whole numbers from 0 to `max`, or two of them with the separator between. Empty
 * where the option is wrong, and then `problems` says so.
 */
export function rangesOption(
  name: string,
  text: string,
  { max, separator }: { max: number; separator: '-' | '..' },
  problems: Problem[],
): EpochRange[] {
  const ranges: EpochRange[] = [];
  for (const part of text.split(',')) {
    const ends = part.trim().split(separator);
    const [first, last] = [ends[0], ends[ends.length - 1]].map((end) => (/^\d+$/.test(end) ? Number(end) : Number.NaN));
    if (ends.length <= 2 && first <= last && last <= max) {
      ranges.push({ first, last });
      continue;
    }
    const expected = `whole numbers from 0 to ${max}, or ranges of them such as ${Math.min(3, max)}${separator}${max}`;
    problems.push({ where: name, got: JSON.stringify(part.trim()), expected });
  }
  return ranges;
}
