/**
 * What a value that was read from a file must be, as small checks that are put together: numbers in a range, typed
 * arrays, known words, names. A check returns the value, with the known members of objects alone, or says where and how
 * it differs. Knows no record.
 */
import { RunError } from '../../schemas/problems.ts';
import { RESTORE_REMEDY } from './files.ts';
import { isName, NAME_KINDS, type NameKind } from './names.ts';

/** Says that a value is not what it must be; whoever knows the file makes a problem of it. */
export class ShapeError extends Error {
  readonly place: string;
  readonly got: string;
  readonly expected: string;

  constructor(place: string, got: string, expected: string) {
    super(`${place}: got ${got}, expected ${expected}`);
    this.name = 'ShapeError';
    this.place = place;
    this.got = got;
    this.expected = expected;
  }
}

/** Returns a value that is right. `place` is its path in the record. */
export type Check = (value: unknown, place: string) => unknown;

type Mapping = Readonly<Record<string, unknown>>;

/** Longer texts are cut in messages. */
const SHOWN_LENGTH_MAX = 60;

/** A value in a few words. */
export function valueText(value: unknown): string {
  if (typeof value === 'string')
    return JSON.stringify(value.length > SHOWN_LENGTH_MAX ? `${value.slice(0, SHOWN_LENGTH_MAX)}…` : value);
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === 'object' ? `a ${value.constructor?.name ?? 'mapping'}` : `a ${typeof value}`;
}

/** A whole number within a range. */
export const whole =
  (min: number, max: number): Check =>
  (value, place) => {
    if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max) return value;
    throw new ShapeError(place, valueText(value), `a whole number from ${min} to ${max}`);
  };

/** A finite number that is not negative. */
export const amount: Check = (value, place) => {
  if (typeof value === 'number' && value >= 0 && value < Number.POSITIVE_INFINITY) return value;
  throw new ShapeError(place, valueText(value), 'a finite number ≥ 0');
};

/** A number, any of them. */
export const number: Check = (value, place) => {
  if (typeof value === 'number') return value;
  throw new ShapeError(place, valueText(value), 'a number');
};

/** A text of limited length. */
export const text =
  (lengthMax: number): Check =>
  (value, place) => {
    if (typeof value === 'string' && value.length <= lengthMax) return value;
    throw new ShapeError(place, valueText(value), `a text of at most ${lengthMax} characters`);
  };

/** A name of one of Gyre's kinds. */
export const named =
  (kind: NameKind): Check =>
  (value, place) => {
    if (isName(kind, value)) return value;
    throw new ShapeError(place, valueText(value), NAME_KINDS[kind].words);
  };

/** One of some words. */
export function word(words: readonly string[]): Check {
  const known = new Set(words);
  return (value, place) => {
    if (typeof value === 'string' && known.has(value)) return value;
    throw new ShapeError(place, valueText(value), `one of ${words.join(', ')}`);
  };
}

/** A typed array of one kind, whose numbers lie in a range where there is one. */
export const typed =
  (Values: Uint8ArrayConstructor | Uint32ArrayConstructor | Float64ArrayConstructor, max?: number): Check =>
  (value, place) => {
    if (!(value instanceof Values)) throw new ShapeError(place, valueText(value), `a ${Values.name}`);
    const wrong = max === undefined ? -1 : value.findIndex((one: number) => one > max);
    if (wrong < 0) return value;
    throw new ShapeError(`${place}[${wrong}]`, String(value[wrong]), `at most ${max}`);
  };

/** The numbers of a network, in its precision. */
export const floats: Check = (value, place) => {
  if (value instanceof Float32Array || value instanceof Float64Array) return value;
  throw new ShapeError(place, valueText(value), 'a Float32Array or Float64Array');
};

/** A list, each item of which passes a check. */
export const listOf =
  (item: Check): Check =>
  (value, place) => {
    if (!Array.isArray(value)) throw new ShapeError(place, valueText(value), 'a list');
    const list: unknown[] = [];
    // By number: a list may have holes, which iteration of its entries would pass over.
    for (let i = 0; i < value.length; i++) list.push(item(value[i], `${place}[${i}]`));
    return list;
  };

/** Null, or what passes a check. */
export const orNull =
  (check: Check): Check =>
  (value, place) =>
    value === null ? null : check(value, place);

/** Left out, or what passes a check. */
export function optional(check: Check): Check {
  const wrapped: Check = (value, place) => (value === undefined ? undefined : check(value, place));
  return wrapped;
}

/** A mapping: its members each pass their check, others are left out. */
export const mapping =
  (members: Readonly<Record<string, Check>>, also: (value: Mapping, place: string) => void = () => {}): Check =>
  (value, place) => {
    if (!isMapping(value)) throw new ShapeError(place, valueText(value), 'a mapping');
    const own: Record<string, unknown> = {};
    for (const [name, check] of Object.entries(members)) {
      const checked = check(
        Object.hasOwn(value, name) ? value[name] : undefined,
        place === '' ? name : `${place}.${name}`,
      );
      if (checked !== undefined) own[name] = checked;
    }
    also(own, place);
    return own;
  };

/** Words with a value each: of those that may be there, any. */
export const tally =
  (words: readonly string[], item: Check): Check =>
  (value, place) => {
    if (!isMapping(value)) throw new ShapeError(place, valueText(value), 'a mapping');
    const unknown = Object.keys(value).find((name) => !words.includes(name));
    if (unknown !== undefined)
      throw new ShapeError(place, `the word ${valueText(unknown)}`, `words of ${words.join(', ')}`);
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, item(one, `${place}.${name}`)]));
  };

/** Refuses arrays that are not as long as they must be. */
export function sameLength(value: Mapping, lengths: Readonly<Record<string, number>>, place: string): void {
  for (const [name, expected] of Object.entries(lengths)) {
    const array = value[name] as ArrayLike<unknown> | undefined;
    if (array !== undefined && array.length !== expected)
      throw new ShapeError(`${place}.${name}`, `${array.length} values`, `${expected}`);
  }
}

export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

/** Runs a check; what it finds comes out as a RunError. */
export function checkedShape(check: () => unknown, { where, what }: { where: string; what: string }): unknown {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    const got = `${what} whose ${error.place === '' ? 'content' : error.place} is ${error.got}`;
    throw new RunError({ where, got, expected: error.expected, remedy: RESTORE_REMEDY });
  }
}
