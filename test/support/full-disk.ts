/**
 * A disk without room, for as long as an operation lasts: every write of this process fails as the system would have it
 * fail. Needs no device, so that it holds for files under any name.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/** What writes bytes. */
const WRITERS = ['writeSync', 'writevSync', 'writeFileSync'] as const;

/** Runs an operation on a full disk. */
export function onFullDisk<T>(operation: () => T): T {
  const before = WRITERS.map((name) => [name, fs[name]] as const);
  const refuse = () => {
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  };
  try {
    for (const name of WRITERS) Object.assign(fs, { [name]: refuse });
    syncBuiltinESMExports();
    return operation();
  } finally {
    for (const [name, write] of before) Object.assign(fs, { [name]: write });
    syncBuiltinESMExports();
  }
}
