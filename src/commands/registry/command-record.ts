/**
 * A command of the command line as one record. The parser, `--help`, README's table, the reference and shell completion
 * are all made from it. A record has the function that runs the command behind a dynamic import, so that a start loads
 * no command's modules.
 */
import { type Problem, UsageError } from '../../../schemas/problems.ts';
import type { ArgumentRecord, OptionRecord } from './parameters.ts';
import { ANY_RUN, type RunLimits } from './value-kinds.ts';

/** A command line that works, and what it is for. */
interface Example {
  readonly line: string;
  readonly meaning: string;
}

/** Exit codes that mean the same. */
export interface ExitCodes {
  readonly codes: readonly number[];
  readonly meaning: string;
}

type Arguments = readonly ArgumentRecord<unknown>[];
type Options = Readonly<Record<string, OptionRecord<unknown>>>;
type ArgumentValues<A extends Arguments> = { [I in keyof A]: A[I] extends ArgumentRecord<infer Value> ? Value : never };
type OptionValues<O extends Options> = { [K in keyof O]: O[K] extends OptionRecord<infer Value> ? Value : never };

/** What a command is declared by. `Subject` is what it reads before its options, because their limits depend on it. */
interface Declaration<A extends Arguments, O extends Options, Subject extends RunLimits> {
  readonly name: string;
  /** One line, as a person would ask for it: `Run a sweep`. */
  readonly summary: string;
  readonly arguments: readonly [...A];
  /** By their names in the command: `failFast` is `--fail-fast`. */
  readonly options: O;
  readonly examples: readonly [Example, ...Example[]];
  readonly exitCodes: readonly ExitCodes[];
  /** Problems of options that are fine one by one. */
  readonly rules?: (isGiven: (option: keyof O) => boolean) => readonly Problem[];
  /** Reads the subject. The command gets it after its options. */
  readonly open?: (...values: ArgumentValues<A>) => Promise<Subject>;
  /** Loads the function that runs the command and returns its exit code. */
  readonly load: () => Promise<
    (...values: [...ArgumentValues<A>, OptionValues<O>, Subject]) => number | Promise<number>
  >;
}

/** A command line in pieces: the arguments in order, and options by name as texts, or true for flags. */
export interface CommandLine {
  readonly texts: readonly string[];
  readonly given: Readonly<Record<string, string | true | undefined>>;
}

/** An option with its names: `failFast` in the code, `--fail-fast` on the command line. */
export interface NamedOption extends OptionRecord<unknown> {
  readonly key: string;
  readonly name: string;
}

/** A command, whatever its values are. */
export interface CommandRecord {
  readonly name: string;
  readonly summary: string;
  readonly arguments: Arguments;
  readonly options: readonly NamedOption[];
  readonly examples: readonly Example[];
  readonly exitCodes: readonly ExitCodes[];
  /** The threads that a command line asks for; undefined where it does not, or not in a way that can be parsed. */
  readonly threadsIn: (line: CommandLine) => number | undefined;
  /**
   * Parses a command line. Returns the function that loads and runs the command, and gives its exit code.
   *
   * @throws UsageError with all of its problems. Whatever else keeps the subject from being read is thrown only where
   *   the command line has no problem.
   */
  readonly prepare: (line: CommandLine) => Promise<() => Promise<number>>;
}

/**
 * Makes a record of a declaration. The compiler checks that the command's function takes what the declaration parses.
 */
export function defineCommand<A extends Arguments, O extends Options, Subject extends RunLimits = RunLimits>(
  declaration: Declaration<A, O, Subject>,
): CommandRecord {
  const { name, summary, arguments: declared, examples, exitCodes } = declaration;
  const options = Object.entries(declaration.options).map(([key, option]) => ({
    ...option,
    key,
    name: optionName(key),
  }));
  const prepare = async ({ texts, given }: CommandLine): Promise<() => Promise<number>> => {
    const problems: Problem[] = [];
    const argumentValues = parseArguments(declared, texts, problems);
    const open = async () => await declaration.open?.(...(argumentValues as ArgumentValues<A>));
    const opened: Opened<Subject | undefined> = problems.length > 0 ? {} : await opening(open);
    const { subject } = opened;
    problems.push(...(opened.problems ?? []));
    const optionValues = parseOptions(options, given, { limits: subject ?? ANY_RUN, problems });
    problems.push(...(declaration.rules?.((key) => given[String(key)] !== undefined) ?? []));
    if (problems.length > 0) throw new UsageError(problems);
    if (opened.failure !== undefined) throw opened.failure;
    // What `load` takes was inferred from the very parsers that gave these values.
    const values = [...argumentValues, optionValues, subject] as unknown as [
      ...ArgumentValues<A>,
      OptionValues<O>,
      Subject,
    ];
    return async () => await (await declaration.load())(...values);
  };
  const threadsIn = ({ given }: CommandLine): number | undefined => {
    const own = options.filter(({ key }) => key === 'threads');
    return parseOptions(own, given, { limits: ANY_RUN, problems: [] }).threads as number | undefined;
  };
  return { name, summary, arguments: declared, options, examples, exitCodes, threadsIn, prepare };
}

/** What a command reads before its options, or why it has none: mistakes of the user, or a failure that is none. */
interface Opened<Subject> {
  readonly subject?: Subject;
  readonly problems?: readonly Problem[];
  readonly failure?: unknown;
}

/** Runs `open` and keeps what it throws, because the options may have mistakes too. */
async function opening<Subject>(open: () => Promise<Subject>): Promise<Opened<Subject>> {
  try {
    return { subject: await open() };
  } catch (error) {
    return error instanceof UsageError ? { problems: error.problems } : { failure: error };
  }
}

/** `--fail-fast` for `failFast`. */
const optionName = (key: string): string => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

function parseArguments(declared: Arguments, texts: readonly string[], problems: Problem[]): unknown[] {
  return declared.map(({ name, arity, parse }, i) => {
    const own = arity === 'repeated' ? texts.slice(i) : texts.slice(i, i + 1);
    const parsed = parse(own, { where: name, limits: ANY_RUN });
    if ('value' in parsed) return parsed.value;
    problems.push(...parsed.problems);
    return undefined;
  });
}

function parseOptions(
  options: readonly NamedOption[],
  given: CommandLine['given'],
  { limits, problems }: { limits: RunLimits; problems: Problem[] },
): Readonly<Record<string, unknown>> {
  const values = options.map(({ key, name, parse }) => {
    const parsed = parse(given[key], { where: name, limits });
    if ('value' in parsed) return [key, parsed.value];
    problems.push(...parsed.problems);
    return [key, undefined];
  });
  return Object.fromEntries(values);
}
