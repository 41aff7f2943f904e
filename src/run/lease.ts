/**
 * The lease of a run's folder: the file `lock`, which says which process is its one writer and shows by a counter that
 * it lives.
 *
 *     { "pid": …, "host": …, …, "token": … }        the owner
 *     000000000042                                  beats, one a second
 *
 * An owner that is certainly gone, a dead process of this machine, holds nothing. Any other one holds the run until its
 * counter was watched standing still for as long as a lease; clocks are never compared. The file is written aside as a
 * bid and linked, which the system lets one process do at a time. A stale lease is taken out of the way by the only
 * living bidder and nobody else: of two at least the second one sees the other, since each makes its bid before it
 * looks, and the one with the larger token withdraws until the other is through.
 *
 * The lease keeps two processes from working at once. That one which loses it destroys nothing is the journal's doing.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  lstatSync,
  readdirSync,
  renameSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { problemsIn, RunError, systemErrorCode } from '../../schemas/problems.ts';
import { NO_LINKS, removeIfThere, withPath } from '../storage/files.ts';
import { openNew, readPlain } from '../storage/plain-files.ts';
import { BEAT_MS, beatText, LEASE_SECONDS_DEFAULT, startHeartbeat } from './heartbeat.ts';
import { isGone, isNeighbour, type Owner, ownerText, parseOwner, thisOwner } from './owner.ts';

/** A takeover takes a millisecond; a rival that takes longer is halted, or elsewhere and gone. */
const TAKEOVER_MS_MAX = 1000;
/** More than any lease takes. */
const LEASE_BYTES_MAX = 4096;

/** The names that stand beside a lease for moments, and the lease itself. */
export const LEASE_NAMES = /^lock(\.[0-9a-f]{32}(\.old)?)?$/;

/** What stood in the file of a lease. */
export interface Sighting {
  /** Null where it cannot be read. */
  readonly owner: Owner | null;
  /** The whole text: equal texts are one owner who has not moved. */
  readonly text: string;
}

/** A lease that this process holds. */
export interface Lease {
  /** @throws RunError where it is another process's by now, or gone. */
  hold(): void;
  /** Gives it back, if it still is this process's. */
  release(): void;
}

/** Tokens of the leases that this process holds. */
const held = new Set<string>();
const isHeldHere = (token: string): boolean => held.has(token);

/** What stands in a lease's file; null where there is none. */
export function sightLease(path: string): Sighting | null {
  const text = textOf(path);
  if (text === null) return null;
  return { owner: parseOwner(text.split('\n')[0]), text };
}

/** The owner that works on a run as far as one look can tell; null where nobody does. */
export function leaseHolder(path: string): Owner | null {
  const owner = sightLease(path)?.owner ?? null;
  return owner === null || isGone(owner, isHeldHere) ? null : owner;
}

/**
 * Takes the lease. Where somebody else may hold it, `stoodStill` is what {@link watchLease} has seen standing still.
 *
 * @throws RunError where another process holds it.
 */
export function acquireLease(
  path: string,
  { stoodStill = null, hasHeartbeat = true }: { stoodStill?: Sighting | null; hasHeartbeat?: boolean } = {},
): Lease {
  const owner = thisOwner();
  const bid = bidOf(path, owner.token);
  const line = `${JSON.stringify(owner)}\n`;
  withPath(path, () => {
    try {
      contend(path, { owner, text: `${line}${beatText(0)}\n`, stoodStill });
    } finally {
      removeIfThere(bid);
    }
    removeDeadBids(path);
  });
  held.add(owner.token);
  const heartbeat = hasHeartbeat ? heartbeatOrGiveBack(path, owner.token, Buffer.byteLength(line)) : null;
  return {
    hold: () => {
      if (!(textOf(path)?.startsWith(line) ?? false)) throw lost(path, sightLease(path));
    },
    release: () => {
      heartbeat?.stop();
      held.delete(owner.token);
      // With its folder gone, or its disk, there is nothing to give back.
      if (problemsIn(() => textOf(path)).length === 0 && textOf(path)?.startsWith(line)) removeIfThere(path);
    },
  };
}

/** Where the system grants no further thread, there is no lease either. */
function heartbeatOrGiveBack(path: string, token: string, offset: number): { stop(): void } {
  try {
    return startHeartbeat({ path, token, offset });
  } catch (error) {
    held.delete(token);
    removeIfThere(path);
    throw error;
  }
}

/** Makes a bid the lease, however many others try. */
function contend(path: string, own: { owner: Owner; text: string; stoodStill: Sighting | null }): void {
  const { owner, text, stoodStill } = own;
  const bid = bidOf(path, owner.token);
  const deadline = performance.now() + TAKEOVER_MS_MAX;
  for (;;) {
    if (!existsSync(bid)) writeBid(bid, text);
    if (takeLease(path, bid)) return;
    const found = sightLease(path);
    if (found === null) continue;
    const isStale = (found.owner !== null && isGone(found.owner, isHeldHere)) || found.text === stoodStill?.text;
    if (!isStale) throw taken(path, found.owner);
    const rival = smallestRival(path, owner.token);
    if (rival === null || performance.now() > deadline) {
      putAside(path, bid, found);
      continue;
    }
    if (rival < owner.token) removeIfThere(bid);
    pause();
  }
}

const bidOf = (path: string, token: string): string => `${path}.${token}`;

/**
 * The smallest token of the others who bid for the lease, as far as they are not certainly gone; null where there are
 * none.
 */
function smallestRival(path: string, own: string): string | null {
  const tokens = bidsOn(path).flatMap(({ file, token }) => {
    const owner = token === own ? null : (sightLease(file)?.owner ?? null);
    return owner === null || isGone(owner, isHeldHere) || owner.token !== token ? [] : [token];
  });
  return tokens.sort()[0] ?? null;
}

/** The bids beside a lease. */
function bidsOn(path: string): { readonly file: string; readonly token: string }[] {
  const prefix = `${basename(path)}.`;
  const names = readdirSync(dirname(path)).filter((name) => name.startsWith(prefix));
  return names.flatMap((name) => {
    const [token, aside, ...more] = name.slice(prefix.length).split('.');
    const isBid = /^[0-9a-f]{32}$/.test(token) && (aside === undefined || aside === 'old') && more.length === 0;
    return isBid ? [{ file: join(dirname(path), name), token: aside === undefined ? token : '' }] : [];
  });
}

/** Lets a rival continue. Nothing else of this process is under way by then, so that nothing is kept waiting. */
function pause(): void {
  const end = performance.now() + 1;
  while (performance.now() < end);
}

/**
 * Waits until a lease is free to take: at once where there is none or its owner is gone, else when its heartbeat has
 * stood still for `seconds`.
 *
 * @returns what stood still, to be handed to {@link acquireLease}; null where there was nothing to wait for.
 * @throws RunError as soon as the heartbeat moves: the owner lives.
 */
export async function watchLease(
  path: string,
  options: { seconds: number; onWait: (owner: Owner | null) => void; signal?: AbortSignal },
): Promise<Sighting | null> {
  let still = sightLease(path);
  let hasTold = false;
  const deadline = performance.now() + options.seconds * 1000;
  for (;;) {
    if (still === null || (still.owner !== null && isGone(still.owner, isHeldHere))) return null;
    if (performance.now() >= deadline) return still;
    await setTimeout(BEAT_MS / 4, undefined, options.signal === undefined ? {} : { signal: options.signal });
    const found = sightLease(path);
    if (found !== null && found.text !== still.text) throw taken(path, found.owner);
    // Two beats are missing: that is no ordinary delay.
    if (!hasTold && performance.now() >= deadline - options.seconds * 1000 + 2 * BEAT_MS) {
      hasTold = true;
      options.onWait(still.owner);
    }
    still = found;
  }
}

/**
 * Looks at a lease again and again, for those who only watch: what one look cannot tell of an owner elsewhere, that it
 * is gone, shows when its heartbeat stands still.
 */
export class LeaseView {
  readonly #path: string;
  #text: string | null = null;
  #sinceMs = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** The owner at work, as far as can be told by now; null where nobody is. */
  look(): Owner | null {
    const found = sightLease(this.#path);
    if (found?.text !== this.#text) {
      this.#text = found?.text ?? null;
      this.#sinceMs = performance.now();
    }
    const owner = found?.owner ?? null;
    if (owner === null || isGone(owner, isHeldHere)) return null;
    const hasStopped = !isNeighbour(owner) && performance.now() - this.#sinceMs > LEASE_SECONDS_DEFAULT * 1000;
    return hasStopped ? null : owner;
  }
}

/** Removes a lease that somebody else holds or held. Returns what stood there, or null. */
export function breakLease(path: string): Sighting | null {
  const found = sightLease(path);
  if (found !== null) withPath(path, () => unlinkSync(path));
  return found;
}

function taken(where: string, owner: Owner | null): RunError {
  return new RunError({
    where,
    got: `a run that ${ownerText(owner)} works on`,
    expected: 'one process per run',
    remedy: 'wait for it, or stop it; choose another folder with --out for a second run',
  });
}

function lost(where: string, found: Sighting | null): RunError {
  return new RunError({
    where,
    got: found === null ? 'no lease: somebody removed it' : `the lease of ${ownerText(found.owner)}`,
    expected: `that of this process, ${process.pid}`,
    remedy: 'this process stops here; what it had committed is kept, and the same command continues the run',
  });
}

function writeBid(bid: string, text: string): void {
  const descriptor = openNew(bid);
  try {
    writeSync(descriptor, text);
    fsyncSync(descriptor); // else a failure of the power could leave a lease that nobody can read
  } finally {
    closeSync(descriptor);
  }
}

/** Makes the bid the lease, unless there is one. */
function takeLease(path: string, bid: string): boolean {
  try {
    linkSync(bid, path);
    return true;
  } catch (error) {
    const code = systemErrorCode(error) ?? '';
    if (code === 'EEXIST') return false;
    if (!NO_LINKS.includes(code)) throw error;
  }
  try {
    writeFileSync(path, readPlain(bid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Takes a stale lease out of the way. One that has taken its place since, of a bidder that was given up on, goes
 * back; where even that comes too late, its owner sees so before it writes.
 */
function putAside(path: string, bid: string, stale: Sighting): void {
  const aside = `${bid}.old`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return;
    throw error;
  }
  const found = sightLease(aside);
  if (found !== null && found.owner?.token !== stale.owner?.token) takeLease(path, aside);
  removeIfThere(aside);
}

/** Bids that processes of this machine have left when they were killed. */
function removeDeadBids(path: string): void {
  for (const { file } of bidsOn(path)) {
    const owner = sightLease(file)?.owner ?? null;
    if (owner !== null && isGone(owner, isHeldHere)) removeIfThere(file);
  }
}

/** The text of a lease or a bid; null where there is none, empty where it is something else. */
function textOf(path: string): string | null {
  return withPath(path, () => {
    try {
      const status = lstatSync(path);
      return status.isFile() && status.size <= LEASE_BYTES_MAX ? readPlain(path).toString('utf8') : '';
    } catch (error) {
      const code = systemErrorCode(error instanceof RunError ? error.cause : error) ?? '';
      if (['ENOENT', 'ENOTDIR'].includes(code)) return null;
      throw error;
    }
  });
}
