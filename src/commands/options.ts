/** Options of the command line as numbers, with the problems they may have. */
import type { Problem } from '../../schemas/problems.ts';
import type { EpochRange } from '../../schemas/replay.ts';

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
