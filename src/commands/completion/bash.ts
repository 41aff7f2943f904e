/**
 * The completion script of bash, 3.2 and later. It walks over the words before the cursor to find the command, the
 * option that waits for a value and the number of arguments, then looks the place up in a table.
 *
 * Names of runs are compared by hand and quoted: `compgen -W` would execute a folder that is called `$(…)`.
 */
import type { CommandRecord } from '../registry/command-record.ts';
import { type Offer, RUNS_FOLDER } from '../registry/value-kinds.ts';
import { type CommandPlaces, placesOf, programOptions } from './positions.ts';

const HEAD = `\
# Completes gyre in bash. Load it with: eval "$(gyre completion bash)"

_gyre_words() {
  local word
  for word in "\${@:2}"; do
    [[ $word == "$1"* ]] && COMPREPLY+=("$word")
  done
}

_gyre_files() {
  local name
  compopt -o filenames 2>/dev/null
  while IFS= read -r name; do COMPREPLY+=("$name"); done < <(compgen "$2" -- "$1")
}

_gyre_runs() {
  local file name
  if [[ $1 == */* || $1 == .* || $1 == '~'* ]]; then
    _gyre_files "$1" -d
    return
  fi
  _gyre_words "$1" latest
  while IFS= read -r file; do
    name=\${file#${RUNS_FOLDER}/}
    name=\${name%/run.json}
    [[ $name == "$1"* ]] && COMPREPLY+=("$(printf %q "$name")")
  done < <(compgen -G '${RUNS_FOLDER}/*/run.json')
}
`;

const MAIN = `\
_gyre() {
  local current=\${COMP_WORDS[COMP_CWORD]} command='' pending='' place=0 word i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ $word == = ]]; then
      continue # bash splits --option=value in three
    elif [[ -n $pending ]]; then
      pending=''
    elif [[ $word == -* ]]; then
      _gyre_takes_value "$command $word" && pending=$word
    elif [[ -z $command ]]; then
      command=$word
    else
      place=$((place + 1))
    fi
  done
  [[ $current == = ]] && current=''
  if [[ -n $pending ]]; then
    _gyre_offer "$command $pending" "$current"
  elif [[ $current == -* ]]; then
    _gyre_offer "$command options" "$current"
  elif [[ -z $command ]]; then
    _gyre_offer commands "$current"
  else
    _gyre_offer "$command $place" "$current"
  fi
}

complete -F _gyre gyre
`;

/** The script. */
export function bashScript(commands: readonly CommandRecord[]): string {
  const places = placesOf(commands);
  const valued = places.flatMap(({ name, options }) =>
    options.filter(({ offer }) => offer !== null).map((option) => `'${name} ${option.name}'`),
  );
  const rows = [
    ['commands', offerText({ words: places.map(({ name }) => name) })],
    ["' options'", offerText({ words: programOptions.map(({ name }) => name) })],
    ...places.flatMap(rowsOf),
  ];
  return [
    HEAD,
    '_gyre_takes_value() {',
    '  case $1 in',
    `    ${valued.join(' | \\\n      ')}) return 0 ;;`,
    '  esac',
    '  return 1',
    '}',
    '',
    '# Takes a place and the text before the cursor.',
    '_gyre_offer() {',
    '  case $1 in',
    ...rows.map(([pattern, action]) => `    ${pattern}) ${action} ;;`),
    '  esac',
    '}',
    '',
    MAIN,
  ].join('\n');
}

function rowsOf(command: CommandPlaces): [string, string][] {
  const { name } = command;
  const options = command.options.flatMap(({ offer, ...option }): [string, string][] =>
    offer === null || offer === 'nothing' ? [] : [[`'${name} ${option.name}'`, offerText(offer)]],
  );
  const names = offerText({ words: command.options.map((option) => option.name) });
  const own = command.arguments.map(({ arity, offer }, i): [string, string] => [
    arity === 'repeated' ? `'${name} '[0-9]*` : `'${name} ${i}'`,
    offerText(offer),
  ]);
  return [[`'${name} options'`, names], ...options, ...own];
}

function offerText(offer: Offer): string {
  if (offer === 'runs') return '_gyre_runs "$2"';
  if (offer === 'folders') return '_gyre_files "$2" -d';
  if (offer === 'files') return '_gyre_files "$2" -f';
  if (offer === 'nothing') return ':';
  return `_gyre_words "$2" ${offer.words.join(' ')}`;
}
