/** The completion script of zsh, in the specifications of its `_arguments`. */
import type { CommandRecord } from '../registry/command-record.ts';
import { type Offer, RUNS_FOLDER } from '../registry/value-kinds.ts';
import { type ArgumentPlace, type CommandPlaces, type OptionPlace, placesOf, programOptions } from './positions.ts';

const HEAD = `\
#compdef gyre
# Completes gyre in zsh. Load it after compinit with: eval "$(gyre completion zsh)"

_gyre_runs() {
  local -a names
  names=(latest ${RUNS_FOLDER}/*/run.json(N:h:t))
  compadd -- $names
  _files -/
}
`;

const TAIL = `\
if [[ $funcstack[1] == _gyre ]]; then
  _gyre "$@"
else
  compdef _gyre gyre
fi
`;

/** The script. */
export function zshScript(commands: readonly CommandRecord[]): string {
  const places = placesOf(commands);
  const described = places.map(({ name, meaning }) => `        ${quoted(`${name}:${meaning}`)}`);
  const own = programOptions.map(({ name, meaning }) => quoted(`${name}[${bracketed(meaning)}]`));
  return [
    HEAD,
    '_gyre() {',
    '  local curcontext=$curcontext state',
    '  local -a line commands',
    `  _arguments -C ${[...own, "'1: :->command'", "'*:: :->rest'"].join(' \\\n    ')}`,
    '  case $state in',
    '    command)',
    '      commands=(',
    ...described,
    '      )',
    '      _describe -t commands command commands',
    '      ;;',
    '    rest)',
    '      case $words[1] in',
    ...places.map((command) => `        ${command.name})\n          ${argumentsText(command)}\n          ;;`),
    '      esac',
    '      ;;',
    '  esac',
    '}',
    '',
    TAIL,
  ].join('\n');
}

function argumentsText(command: CommandPlaces): string {
  const specifications = [...command.options.map(optionText), ...command.arguments.map(argumentText)];
  return ['_arguments', ...specifications.map(quoted)].join(' \\\n            ');
}

function optionText({ name, meaning, placeholder, offer }: OptionPlace): string {
  if (offer === null) return `${name}[${bracketed(meaning)}]`;
  return `${name}=[${bracketed(meaning)}]:${placeholder}:${actionText(offer)}`;
}

function argumentText({ name, arity, offer }: ArgumentPlace): string {
  const head = { required: ':', optional: '::', repeated: '*:' }[arity];
  return `${head}${name}:${actionText(offer)}`;
}

function actionText(offer: Offer): string {
  if (offer === 'runs') return '_gyre_runs';
  if (offer === 'folders') return '_files -/';
  if (offer === 'files') return '_files';
  if (offer === 'nothing') return ' ';
  return `(${offer.words.join(' ')})`;
}

/** A text in the brackets of a specification. */
const bracketed = (text: string): string => text.replace(/[[\]\\]/g, '\\$&');

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
