/**
 * Where on a command line a shell may offer something: after an option that takes a value, or in the place of an
 * argument. The scripts of all shells are made from these places.
 */
import { PROGRAM_OPTIONS } from '../registry/all-commands.ts';
import type { CommandRecord } from '../registry/command-record.ts';
import type { Offer } from '../registry/value-kinds.ts';

/** A word with its meaning. */
export interface Described {
  readonly name: string;
  readonly meaning: string;
}

/** An option with what its value may be; null for a flag. */
export interface OptionPlace extends Described {
  readonly placeholder: string;
  readonly offer: Offer | null;
}

/** The place of an argument. All later arguments stand in a repeated one too. */
export interface ArgumentPlace {
  readonly name: string;
  readonly arity: 'required' | 'optional' | 'repeated';
  readonly offer: Offer;
}

/** The places of one command. */
export interface CommandPlaces extends Described {
  readonly options: readonly OptionPlace[];
  readonly arguments: readonly ArgumentPlace[];
}

/** The options of the program itself. */
export const programOptions: readonly Described[] = Object.values(PROGRAM_OPTIONS);

/** The places of each command, `gyre help` included, which commander adds to the records. */
export function placesOf(commands: readonly CommandRecord[]): readonly CommandPlaces[] {
  const { help } = PROGRAM_OPTIONS;
  const helpOption: OptionPlace = { ...help, placeholder: '', offer: null };
  const words = commands.map(({ name }) => name);
  const places = commands.map((command) => ({
    name: command.name,
    meaning: command.summary,
    options: [
      ...command.options.map(({ name, meaning, placeholder, kind }) => ({
        ...{ name, meaning },
        placeholder: placeholder ?? '',
        offer: kind?.offer ?? null,
      })),
      helpOption,
    ],
    arguments: command.arguments.map(({ name, arity, kind }) => ({ name, arity, offer: kind.offer })),
  }));
  const helpCommand: CommandPlaces = {
    name: 'help',
    meaning: 'Show help for a command',
    options: [],
    arguments: [{ name: 'command', arity: 'optional', offer: { words } }],
  };
  return [...places, helpCommand];
}
