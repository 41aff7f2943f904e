/**
 * What is generated from the records of commands: README's table and docs/reference/commands.md are those of the code.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { COMMAND_MARKERS, commandReference, commandTable } from '../../docs/command-pages.ts';
import { withTable } from '../../docs/option-table.ts';
import { COMMANDS } from '../../src/commands/registry/all-commands.ts';
import { argumentTerm, optionTerm, wordsOf } from '../../src/commands/registry/command-texts.ts';

const read = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');

describe('is as the code has it (run `npm run docs` and commit what it writes)', () => {
  test('the table of commands in README.md', () => {
    const page = read('README.md');
    expect(page).toBe(withTable(page, commandTable(), COMMAND_MARKERS));
  });

  test('docs/reference/commands.md', () => {
    expect(read('docs/reference/commands.md')).toBe(commandReference());
  });
});

describe('the reference', () => {
  const sections = new Map(
    commandReference()
      .split('\n## gyre ')
      .slice(1)
      .map((text) => [text.split('\n')[0], text]),
  );

  test('has a section per command, in the order of help', () => {
    expect([...sections.keys()]).toEqual(COMMANDS.map(({ name }) => name));
  });

  test.each(COMMANDS)('of $name has its arguments, options, examples and exit codes', (command) => {
    const section = sections.get(command.name) ?? '';
    const terms = [...command.arguments.map(argumentTerm), ...command.options.map(optionTerm)];
    expect(terms.filter((term) => !section.includes(`\n- \`${term}\`: `))).toEqual([]);
    for (const { line } of command.examples) expect(section).toContain(`\n${line}\n`);
    for (const { codes } of command.exitCodes) expect(section).toContain(`\n- \`${codes.join(', ')}\`: `);
    const words = [...command.arguments, ...command.options].flatMap(({ kind }) => wordsOf(kind));
    expect(words.filter((word) => !section.includes(word))).toEqual([]);
  });

  test('keeps within 120 columns, like the table', () => {
    const lines = [commandReference(), commandTable()].join('\n').split('\n');
    expect(lines.filter((line) => line.length > 120)).toEqual([]);
  });
});
