/**
 * Options and arguments as records: a kind of value, its meaning, and what the command gets where the user gives
 * nothing. The parser, help, the reference and completion all read these records; none of them knows a single option.
 */
import { defaultThreads } from '../../pool/thread-count.ts';
import { type Parsed, type Place, type ValueKind, wholeNumber } from './value-kinds.ts';

/** An option of a command. Its name is the key that it has in its command: `failFast` for `--fail-fast`. */
export interface OptionRecord<Value> {
  readonly meaning: string;
  /** What stands for the value in help, `n` for `--threads <n>`; null for a flag. */
  readonly placeholder: string | null;
  /** The kind of the value; null for a flag. */
  readonly kind: ValueKind<unknown> | null;
  readonly isRequired: boolean;
  /** What help says of the value where the option is not given; null where the meaning says it all. */
  readonly absentText: string | null;
  /** Parses what was given: a text, true for a flag, undefined where the option is absent. */
  readonly parse: (given: string | true | undefined, place: Place) => Parsed<Value>;
}

/** An argument of a command, named by its place. */
export interface ArgumentRecord<Value> {
  readonly name: string;
  readonly meaning: string;
  readonly kind: ValueKind<unknown>;
  /** One text, at most one, or one and more; the last kind comes last. */
  readonly arity: 'required' | 'optional' | 'repeated';
  readonly absentText: string | null;
  /** Parses the texts in the argument's place. Their number fits the arity. */
  readonly parse: (texts: readonly string[], place: Place) => Parsed<Value>;
}

/** What help shows of an option that takes a value. */
interface OptionText {
  readonly placeholder: string;
  readonly meaning: string;
}

/** An option without a value: true where it is given. */
export function flag(meaning: string): OptionRecord<boolean> {
  const parse = (given: string | true | undefined) => ({ value: given === true });
  return { meaning, placeholder: null, kind: null, isRequired: false, absentText: null, parse };
}

/** An option whose value is undefined where it is not given. `absentText` says what happens then. */
export function optional<Value>(
  kind: ValueKind<Value>,
  { absentText, ...texts }: OptionText & { absentText?: string },
): OptionRecord<Value | undefined> {
  const parse = (given: string | true | undefined, place: Place) =>
    typeof given === 'string' ? kind.parse(given, place) : { value: undefined };
  return { ...texts, kind, isRequired: false, absentText: absentText ?? null, parse };
}

/** An option with a default, which help shows. */
export function defaulting<Value extends string | number>(
  kind: ValueKind<Value>,
  { absent, ...texts }: OptionText & { absent: NoInfer<Value> },
): OptionRecord<Value> {
  const parse = (given: string | true | undefined, place: Place) =>
    typeof given === 'string' ? kind.parse(given, place) : { value: absent };
  return { ...texts, kind, isRequired: false, absentText: String(absent), parse };
}

/** An option that must be given. */
export function required<Value>(kind: ValueKind<Value>, texts: OptionText): OptionRecord<Value> {
  const parse = (given: string | true | undefined, place: Place) =>
    typeof given === 'string'
      ? kind.parse(given, place)
      : { problems: [{ where: place.where, got: 'nothing', expected: kind.expected }] };
  return { ...texts, kind, isRequired: true, absentText: null, parse };
}

/** `--threads`: what the machine grants where it is not given. */
export function threadsOption(meaning: string): OptionRecord<number> {
  const kind = wholeNumber({ min: 1, max: 1024 });
  const absentText = 'one per core, fewer under a CPU quota';
  const parse = (given: string | true | undefined, place: Place) =>
    typeof given === 'string' ? kind.parse(given, place) : { value: defaultThreads() };
  return { placeholder: 'n', meaning, kind, isRequired: false, absentText, parse };
}

/** An argument that must be given. */
export function requiredArgument<Value>(
  kind: ValueKind<Value>,
  texts: { name: string; meaning: string },
): ArgumentRecord<Value> {
  return { ...texts, kind, arity: 'required', absentText: null, parse: ([text], place) => kind.parse(text, place) };
}

/** An argument that stands for `absent` where it is not given. */
export function optionalArgument<Value, Absent>(
  kind: ValueKind<Value>,
  { absent, ...texts }: { name: string; meaning: string; absent: Absent; absentText: string },
): ArgumentRecord<Value | Absent> {
  const parse = ([text]: readonly string[], place: Place): Parsed<Value | Absent> =>
    text === undefined ? { value: absent } : kind.parse(text, place);
  return { ...texts, kind, arity: 'optional', parse };
}

/** An argument of one text and more. */
export function repeatedArgument<Value>(
  kind: ValueKind<Value>,
  texts: { name: string; meaning: string },
): ArgumentRecord<readonly Value[]> {
  const parse = (given: readonly string[], place: Place): Parsed<readonly Value[]> => {
    const parsed = given.map((text) => kind.parse(text, place));
    const problems = parsed.flatMap((one) => ('problems' in one ? one.problems : []));
    return problems.length > 0 ? { problems } : { value: parsed.flatMap((one) => ('value' in one ? [one.value] : [])) };
  };
  return { ...texts, kind, arity: 'repeated', absentText: null, parse };
}
