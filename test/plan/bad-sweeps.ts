/**
 * Sweep files as text with mistakes put into them line by line, and what the reader says of them. Knows no particular
 * mistake.
 */
import { UsageError } from '../../schemas/problems.ts';
import { parseSweep } from '../../src/plan/read.ts';

/** A good sweep, one key a line, so that a line number tells one mistake from another. */
export const GOOD = `name: good
epochs: 100
layers: [1, 4, 1]
data:
  kind: sine
  points: 8
optimizer:
  kind: adam
  learningRate: 0.01
seeds: 2
`;
export const TOP_KEYS =
  'known here: name, epochs, layers, activation, data, init, optimizer, batch, shuffle, precision, subnormals, ' +
  'seeds, objective, sample, networks, exclude, trace, detectors';
export const OPTIMIZER_KEYS = 'known here: kind, form, learningRate, beta1, beta2, epsilon, weightDecay';

/** GOOD with some lines replaced, by number, and others put at its end. */
export function sweepText(lines: Readonly<Record<number, string>>, ...more: readonly string[]): string {
  const text = GOOD.trimEnd().split('\n');
  for (const [number, line] of Object.entries(lines)) text[Number(number) - 1] = line;
  return [...text, ...more, ''].join('\n');
}

/** The messages about a text, one a problem. */
export function problemsOf(text: string): string[] {
  try {
    parseSweep(text, 'a.yaml');
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return error.message.split('\n');
  }
  return ['no problem'];
}
