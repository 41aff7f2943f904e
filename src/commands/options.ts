/** Options of the command line as numbers, with the problems they may have. */
import type { Problem } from '../../schemas/problems.ts';

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
