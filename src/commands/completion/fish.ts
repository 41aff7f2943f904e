/** The completion script of fish: one `complete` per command, option and argument. */
import type { CommandRecord } from '../registry/command-record.ts';
import { type Offer, RUNS_FOLDER } from '../registry/value-kinds.ts';
import { type CommandPlaces, placesOf, programOptions } from './positions.ts';

const HEAD = `\
# Completes gyre in fish. Keep it as ~/.config/fish/completions/gyre.fish

# Whether the command is one of those named, or, without names, whether there is a command.
function __gyre_command
  set -l words (commandline -opc)
  test (count $words) -ge 2; or return 1
  test (count $argv) -eq 0; or contains -- $words[2] $argv
end

function __gyre_runs
  echo latest
  for file in ${RUNS_FOLDER}/*/run.json
    string replace -r '^${RUNS_FOLDER}/(.*)/run\\.json$' '$1' -- $file
  end
  __fish_complete_directories
end

complete -c gyre -f
`;

/** The script. */
export function fishScript(commands: readonly CommandRecord[]): string {
  const places = placesOf(commands);
  return [
    HEAD,
    ...programOptions.map(({ name, meaning }) => line('not __gyre_command', `-l ${name.slice(2)}`, meaning)),
    ...places.map(({ name, meaning }) => line('not __gyre_command', `-a ${name}`, meaning)),
    ...places.flatMap(linesOf),
    '',
  ].join('\n');
}

function linesOf(command: CommandPlaces): string[] {
  const condition = `__gyre_command ${command.name}`;
  const options = command.options.map(({ name, meaning, offer }) => {
    const value = offer === null ? '' : ` -x${offer === 'nothing' ? '' : ` -a ${offerText(offer)}`}`;
    return line(condition, `-l ${name.slice(2)}${value}`, meaning);
  });
  const own = command.arguments.map(({ name, offer }) => line(condition, `-a ${offerText(offer)}`, name));
  return [...options, ...own];
}

const line = (condition: string, what: string, meaning: string): string =>
  `complete -c gyre -n ${quoted(condition)} ${what} -d ${quoted(meaning)}`;

function offerText(offer: Offer): string {
  if (offer === 'runs') return "'(__gyre_runs)'";
  if (offer === 'folders') return "'(__fish_complete_directories)'";
  if (offer === 'files') return "'(__fish_complete_suffix .yaml)'";
  return offer === 'nothing' ? "''" : quoted(offer.words.join(' '));
}

const quoted = (text: string): string => `'${text.replace(/['\\]/g, '\\$&')}'`;
