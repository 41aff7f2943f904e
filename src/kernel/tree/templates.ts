/**
 * How the printers of text write an operation: a template for each, in which $0, $1 and $2 stand for the operands and
 * $shift for the bits to shift by.
 */
import type { Application, Operation } from './tree.ts';

/** A template for every operation. */
export type Templates = Readonly<Record<Operation, string>>;

/** An operation with its operands as they are written. */
export function filledIn(templates: Templates, { operation, shift }: Application, operands: readonly string[]): string {
  return templates[operation].replaceAll('$shift', String(shift)).replace(/\$(\d)/g, (_, i) => operands[Number(i)]);
}
