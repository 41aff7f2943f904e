/**
 * The shim faults.c from this side: compiles it, says how a process runs under it, and reads its log. Knows nothing
 * of Gyre.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const SOURCE = new URL('faults.c', import.meta.url).pathname;

/** What can happen at a call; `power` is made from a log, without a process that dies. */
export const PROCESS_FAULTS = ['kill', 'kill-after', 'kill-middle', 'EIO', 'EIO-on', 'ENOSPC', 'ENOSPC-on'] as const;
export type ProcessFault = (typeof PROCESS_FAULTS)[number];

/** One line of the log. */
export interface LoggedCall {
  /** 1, 2, … of the calls that change files; 0 where a file is only opened. */
  readonly number: number;
  readonly call: 'open' | 'create' | 'cut' | 'write' | 'truncate' | 'fsync' | 'fdatasync' | Move | 'copy';
  /** The open file, by a number that no other has; 0 where the call goes by path. */
  readonly handle: number;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  /** Whether the call took place. The others are those that failed or were killed by the fault. */
  readonly hasHappened: boolean;
  readonly path: string;
  readonly path2: string;
  /** What was written, where the log was asked for it. */
  readonly data: Buffer;
}
type Move = 'mkdir' | 'rmdir' | 'unlink' | 'rename' | 'link';

/** Compiles the shim and returns its path. */
export function compileShim(folder: string): string {
  const shim = `${folder}/faults.so`;
  try {
    execFileSync('cc', [
      '-O1',
      '-Wall',
      '-Wextra',
      '-Werror',
      '-shared',
      '-fPIC',
      '-pthread',
      '-o',
      shim,
      SOURCE,
      '-ldl',
    ]);
  } catch (error) {
    throw new Error(`${SOURCE}: got no shim, expected one from the C compiler (install cc, such as gcc, on Linux)`, {
      cause: error,
    });
  }
  return shim;
}

/** The environment of a process under the shim. */
export function shimEnvironment(options: {
  readonly shim: string;
  readonly root: string;
  readonly log: string;
  readonly hasData?: boolean;
  readonly fault?: { readonly at: number; readonly what: ProcessFault };
}): NodeJS.ProcessEnv {
  const { shim, root, log, hasData = false, fault } = options;
  return {
    LD_PRELOAD: shim,
    FAULTS_ROOT: root,
    FAULTS_LOG: log,
    ...(hasData && { FAULTS_DATA: '1' }),
    ...(fault !== undefined && { FAULTS_AT: String(fault.at), FAULTS_DO: fault.what }),
    // Calls of the ring pass no function that could be wrapped.
    UV_USE_IO_URING: '0',
  };
}

/** The calls of a log, in order. */
export function readFaultLog(path: string): LoggedCall[] {
  const bytes = readFileSync(path);
  const calls: LoggedCall[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf('\n', at);
    const fields = bytes.toString('utf8', at, end).split('\t');
    const [number, , handle, offsetBytes, lengthBytes, result, dataBytes] = fields.map(Number);
    if (end < 0 || fields.length !== 9 || !(dataBytes >= 0)) throw new Error(`${path}, byte ${at}: got no call`);
    at = end + 1 + dataBytes;
    const [, call, , , , , , file, path2] = fields;
    calls.push({
      ...{ number, call: call as LoggedCall['call'], handle, offsetBytes, lengthBytes, path: file, path2 },
      ...{ hasHappened: result >= 0, data: bytes.subarray(end + 1, at) },
    });
  }
  return calls;
}
