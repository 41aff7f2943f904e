/**
 * The names that Gyre gives to files, one pattern per kind. A name that comes out of a file (the journal, run.json, a
 * listing of a folder) must match the pattern of its kind before it becomes part of a path: a run's folder may come
 * from somebody else.
 */
import { FINDINGS_TABLES } from '../../schemas/findings.ts';
import { SEGMENTED_TABLE_NAMES } from '../../schemas/trace.ts';

/** `0001`, the session that wrote a file. */
const SESSION = String.raw`\d{4,6}`;
/** A network's number, at least five digits. */
const NETWORK = String.raw`\d{5,7}`;
const EPOCHS = String.raw`\d{1,10}`;
const whole = (pattern: string): RegExp => new RegExp(`^${pattern}$`);

const CHECKPOINT = String.raw`${SESSION}-(?:${NETWORK}-${EPOCHS}|kept-${NETWORK}-${EPOCHS}-${EPOCHS})\.msgpack`;
const SEGMENT = String.raw`${SESSION}-\d{5,7}\.arrow`;
const JOURNAL = String.raw`${SESSION}\.msgpack`;

/** The kinds of names, each with its pattern and with words for messages. */
export const NAME_KINDS = {
  segment: { pattern: whole(SEGMENT), words: 'the name of a segment, as 0001-00001.arrow' },
  checkpoint: { pattern: whole(CHECKPOINT), words: 'the name of a checkpoint, as 0001-00005-1200.msgpack' },
  journal: { pattern: whole(JOURNAL), words: 'the name of a journal of one session, as 0001.msgpack' },
  dataCopy: { pattern: whole(String.raw`[0-9a-f]{16}\.arrow`), words: 'the name of a copy of a data file' },
  windowFolder: {
    pattern: whole('[0-9a-z-]{1,250}-float(?:32|64)'),
    words: 'the name of a folder of windows',
  },
  windowFile: { pattern: whole(String.raw`networks-[0-9a-z+-]{1,200}\.arrow`), words: 'the name of a file of windows' },
  runKey: { pattern: whole('[0-9a-f]{8}'), words: '8 hex digits' },
  membersHash: { pattern: whole('[0-9a-f]{16}'), words: '16 hex digits' },
  contentHash: { pattern: whole('[0-9a-f]{64}'), words: '64 hex digits' },
} as const satisfies Record<string, { readonly pattern: RegExp; readonly words: string }>;

export type NameKind = keyof typeof NAME_KINDS;

/** Whether a value is a name of a kind. */
export function isName(kind: NameKind, value: unknown): value is string {
  return typeof value === 'string' && NAME_KINDS[kind].pattern.test(value);
}

/** The session in front of the name of a segment, a checkpoint or a journal. */
export const sessionOfName = (name: string): number => Number.parseInt(name, 10);

/** Whether a file in a folder of checkpoints is one of Gyre's: a checkpoint, or what a crash left of writing one. */
export const isOwnCheckpoint = (file: string): boolean => isName('checkpoint', file.replace(/\.new$/, ''));

/** Whether a file in the folder of a table is a segment of Gyre's, open or sealed. */
export const isOwnSegment = (file: string): boolean => isName('segment', file.replace(/\.(part|new)$/, ''));

/** What may stand under one of Gyre's names. */
export type EntryKind = 'file' | 'folder';

/** A folder of a run: which of its names are Gyre's, what stands under each, and its folders in turn. */
export interface FolderSpec {
  /** Of a name that Gyre gives itself; null for any other, which Gyre neither reads nor removes. */
  readonly kindOf: (name: string) => EntryKind | null;
  /** The folder under a name. */
  readonly folderOf?: (name: string) => FolderSpec | null;
}

const filesNamed = (isOwn: (name: string) => boolean): FolderSpec => ({
  kindOf: (name) => (isOwn(name) ? 'file' : null),
});

const TABLE_FOLDER = filesNamed(isOwnSegment);
const WINDOW_FOLDER = filesNamed((name) => isName('windowFile', name.replace(/\.part$/, '')));

const FOLDERS: Readonly<Record<string, FolderSpec>> = {
  ...Object.fromEntries(SEGMENTED_TABLE_NAMES.map((table) => [table, TABLE_FOLDER])),
  journal: filesNamed((name) => isName('journal', name.replace(/\.new$/, ''))),
  checkpoints: filesNamed(isOwnCheckpoint),
  data: filesNamed((name) => isName('dataCopy', name.replace(/\.new$/, ''))),
  windows: {
    kindOf: (name) => (isName('windowFolder', name) ? 'folder' : null),
    folderOf: (name) => (isName('windowFolder', name) ? WINDOW_FOLDER : null),
  },
};

const TABLE_FILES: readonly string[] = [
  'networks.arrow',
  ...Object.keys(FINDINGS_TABLES).map((name) => `${name}.arrow`),
];

/** A file at the top of a run's folder; the lease may have claims beside it, each with an ending of its own. */
const isTopFile = (name: string): boolean =>
  ['run.json', ...TABLE_FILES].includes(name.replace(/\.new$/, '')) || /^lock(?:[.-][\w.-]{1,40})?$/.test(name);

/** The folder of a run. */
export const RUN_FOLDER: FolderSpec = {
  kindOf: (name) => (Object.hasOwn(FOLDERS, name) ? 'folder' : isTopFile(name) ? 'file' : null),
  folderOf: (name) => (Object.hasOwn(FOLDERS, name) ? FOLDERS[name] : null),
};
