/**
 * What records say in words: usage, terms of options and the end of help. Help, the reference and completion share
 * these texts, so that they cannot differ.
 */
import type { CommandRecord, NamedOption } from './command-record.ts';
import type { ArgumentRecord } from './parameters.ts';

/** Words of a list that help shows; the reference shows all. */
const SHOWN_WORDS_MAX = 12;

/** `<sweep>`, `[run]` or `<run...>`, as commander reads and help shows it. */
export function argumentTerm({ name, arity }: ArgumentRecord<unknown>): string {
  if (arity === 'optional') return `[${name}]`;
  return arity === 'repeated' ? `<${name}...>` : `<${name}>`;
}

/** `--threads <n>`. */
export function optionTerm({ name, placeholder }: NamedOption): string {
  return placeholder === null ? name : `${name} <${placeholder}>`;
}

/** The meaning of an option or argument, with the words that it takes and its default. */
export function meaningText(parameter: NamedOption | ArgumentRecord<unknown>): string {
  const { meaning, kind, absentText } = parameter;
  const words = wordsOf(kind);
  const notes = [
    ...('isRequired' in parameter && parameter.isRequired ? ['required'] : []),
    ...(words.length > 0 && words.length <= SHOWN_WORDS_MAX ? [`one of: ${words.join(', ')}`] : []),
    ...(absentText === null ? [] : [`default: ${absentText}`]),
  ];
  return notes.length === 0 ? meaning : `${meaning} (${notes.join('; ')})`;
}

/** The words that a kind of value takes; none where it takes other values too. */
export function wordsOf(kind: NamedOption['kind']): readonly string[] {
  return typeof kind?.offer === 'object' ? kind.offer.words : [];
}

/** The shortest use of a command: `gyre export [RUN] --format NAME`. */
export function usageText({ name, arguments: declared, options }: CommandRecord): string {
  const needed = options.filter(({ isRequired }) => isRequired);
  const terms = [...declared.map(argumentTerm), ...needed.map(optionTerm)].map((term) =>
    term.replace(/[<>]/g, '').replace(/(?<=^| |\[)[a-z]+/g, (word) => word.toUpperCase()),
  );
  return ['gyre', name, ...terms].join(' ');
}

/** `129, 130, 143`. */
export const codesText = (codes: readonly number[]): string => codes.join(', ');

/** What help shows below the options: examples and exit codes. */
export function helpTail({ examples, exitCodes }: CommandRecord): string {
  const exampleLines = examples.flatMap(({ line, meaning }) => [`  # ${meaning}`, `  $ ${line}`]);
  const width = Math.max(...exitCodes.map(({ codes }) => codesText(codes).length));
  const exitLines = exitCodes.map(({ codes, meaning }) => `  ${codesText(codes).padEnd(width)}  ${meaning}`);
  return ['', 'Examples:', ...exampleLines, '', 'Exit codes:', ...exitLines, ''].join('\n');
}
