/**
 * A disk as a power failure may leave it. The model takes a folder as durable, follows a log of calls, and knows of
 * each file what was last synced and of each folder which entries were. From that it writes one of the folders that a
 * file system may show after the failure, in the manner of ALICE and CrashMonkey:
 *
 *     calls 1 … n ──► files: synced bytes + later writes       ──┐ policy
 *                     folders: synced entries + later changes  ──┴───────► a folder on the disk
 *
 * A call is atomic, except a write, which is kept or lost sector by sector. No order holds between calls that were
 * not synced.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { LoggedCall } from './fault-shim.ts';
import { randomOf } from './random.ts';

const SECTOR_BYTES = 512;

/**
 * What survives of that which was not synced: `nothing`; `everything`; names and sizes, with `zeros` or `garbage` in
 * place of the bytes; or a `random` part of all of it.
 */
export const POWER_POLICIES = ['nothing', 'everything', 'zeros', 'garbage', 'random'] as const;
export type PowerPolicy = (typeof POWER_POLICIES)[number];

/** A change of a file's bytes: the size after it, and what was written where. */
interface Change {
  readonly sizeBytes: number;
  readonly at: number;
  readonly data: Buffer;
}

class FileNode {
  bytes: Buffer;
  synced: Buffer;
  changes: Change[] = [];

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.synced = bytes;
  }

  change(sizeBytes: number, at = 0, data: Buffer = Buffer.alloc(0)): void {
    const change = { sizeBytes, at, data };
    this.bytes = changed(this.bytes, change);
    this.changes.push(change);
  }

  sync(): void {
    this.synced = this.bytes;
    this.changes = [];
  }
}

class FolderNode {
  entries = new Map<string, Node>();
  synced = new Map<string, Node>();
  /** Changes that were not synced; each is a list of entries, null where one is removed. */
  changes: (readonly (readonly [string, Node | null])[])[] = [];

  change(...entries: readonly (readonly [string, Node | null])[]): void {
    apply(this.entries, entries);
    this.changes.push(entries);
  }

  sync(): void {
    this.synced = new Map(this.entries);
    this.changes = [];
  }
}

type Node = FileNode | FolderNode;

/** A folder and what of it is durable. */
export class PowerModel {
  readonly #root: string;
  readonly #tree: FolderNode;
  readonly #handles = new Map<number, Node>();

  /** Takes what is in the folder now as durable. */
  constructor(root: string) {
    this.#root = root;
    this.#tree = readFolder(root);
  }

  /** Follows one call. */
  take(logged: LoggedCall): void {
    const { call, path, path2, handle, hasHappened, lengthBytes } = logged;
    if (!hasHappened) return;
    if (call === 'open' || call === 'create' || call === 'cut') this.#open(logged);
    else if (call === 'mkdir') this.#parent(path).change([basename(path), new FolderNode()]);
    else if (call === 'rmdir' || call === 'unlink') this.#parent(path).change([basename(path), null]);
    else if (call === 'link') this.#parent(path2).change([basename(path2), this.#at(path)]);
    else if (call === 'rename') this.#rename(path, path2);
    else if (call === 'fsync' || call === 'fdatasync') this.#opened(handle).sync();
    else if (call === 'truncate') this.#openedFile(handle).change(lengthBytes);
    else if (call === 'write') this.#write(logged);
    else throw new Error(`call ${logged.number}: a copy that happened is logged as a write`);
  }

  /** Makes `folder`, which holds nothing else, what the policy leaves of the tree. */
  write(folder: string, policy: PowerPolicy, seed: number): void {
    rmSync(folder, { recursive: true, force: true });
    const random = randomOf(Math.imul(seed + 1, 0x9e3779b1));
    // The first numbers of neighbouring seeds are much alike.
    for (let i = 0; i < 8; i++) random();
    writeNode(this.#tree, folder, policy, random);
  }

  #open({ call, handle, path }: LoggedCall): void {
    if (call === 'create') this.#parent(path).change([basename(path), new FileNode(Buffer.alloc(0))]);
    const node = this.#at(path);
    if (call === 'cut') (node as FileNode).change(0);
    this.#handles.set(handle, node);
  }

  #write({ number, handle, offsetBytes, lengthBytes, data }: LoggedCall): void {
    if (data.length !== lengthBytes) throw new Error(`call ${number}: the log lacks the bytes of a write`);
    const file = this.#openedFile(handle);
    file.change(Math.max(file.bytes.length, offsetBytes + lengthBytes), offsetBytes, data);
  }

  #rename(from: string, to: string): void {
    const node = this.#at(from);
    const [source, target] = [this.#parent(from), this.#parent(to)];
    if (source === target) {
      source.change([basename(to), node], [basename(from), null]);
    } else {
      target.change([basename(to), node]);
      source.change([basename(from), null]);
    }
  }

  #at(path: string): Node {
    if (path === this.#root) return this.#tree;
    const node = this.#parent(path).entries.get(basename(path));
    if (node === undefined) throw new Error(`${path}: the log has a file that nothing created`);
    return node;
  }

  #parent(path: string): FolderNode {
    const node = this.#at(dirname(path));
    if (!(node instanceof FolderNode)) throw new Error(`${dirname(path)}: the log has a file as a folder`);
    return node;
  }

  #opened(handle: number): Node {
    const node = this.#handles.get(handle);
    if (node === undefined) throw new Error(`handle ${handle}: the log has a file that nothing opened`);
    return node;
  }

  #openedFile(handle: number): FileNode {
    const node = this.#opened(handle);
    if (!(node instanceof FileNode)) throw new Error(`handle ${handle}: the log writes to a folder`);
    return node;
  }
}

function apply(entries: Map<string, Node>, change: readonly (readonly [string, Node | null])[]): void {
  for (const [name, node] of change) {
    if (node === null) entries.delete(name);
    else entries.set(name, node);
  }
}

function readFolder(path: string): FolderNode {
  const folder = new FolderNode();
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const own = join(path, entry.name);
    folder.change([entry.name, entry.isDirectory() ? readFolder(own) : new FileNode(readFileSync(own))]);
  }
  folder.sync();
  return folder;
}

function writeNode(node: Node, path: string, policy: PowerPolicy, random: () => number): void {
  if (node instanceof FileNode) {
    writeFileSync(path, survivingBytes(node, policy, random));
    return;
  }
  mkdirSync(path);
  for (const [name, child] of survivingEntries(node, policy, random))
    writeNode(child, join(path, name), policy, random);
}

function survivingEntries(folder: FolderNode, policy: PowerPolicy, random: () => number): Map<string, Node> {
  if (policy === 'nothing') return folder.synced;
  if (policy !== 'random') return folder.entries;
  const entries = new Map(folder.synced);
  for (const change of folder.changes) if (random() < 0.5) apply(entries, change);
  return entries;
}

function survivingBytes(file: FileNode, policy: PowerPolicy, random: () => number): Buffer {
  const { synced, bytes, changes } = file;
  if (policy === 'nothing') return synced;
  if (policy === 'everything') return bytes;
  const fill = (change: Change): Change => {
    if (policy === 'zeros') return { ...change, data: Buffer.alloc(change.data.length) };
    return { ...change, data: change.data.map(() => Math.floor(random() * 256)) as Buffer };
  };
  if (policy !== 'random') return changes.reduce((sum, change) => changed(sum, fill(change)), synced);
  return changes.reduce((sum, change) => (random() < 0.5 ? sum : changed(sum, partOf(change, random))), synced);
}

/** A write of which some sectors arrived; the others are zeros, as a larger file without its bytes has them. */
function partOf(change: Change, random: () => number): Change {
  if (random() < 0.5) return change;
  const data = Buffer.from(change.data);
  for (let at = 0; at < data.length; at += SECTOR_BYTES)
    if (random() < 0.5) data.fill(0, at, Math.min(data.length, at + SECTOR_BYTES));
  return { ...change, data };
}

/** The bytes after a change; what lies between the old end and the write is zeros. */
function changed(bytes: Buffer, { sizeBytes, at, data }: Change): Buffer {
  const size = data.length > 0 ? Math.max(bytes.length, at + data.length) : sizeBytes;
  const all = Buffer.alloc(size);
  bytes.copy(all, 0, 0, Math.min(bytes.length, size));
  data.copy(all, at);
  return all;
}
