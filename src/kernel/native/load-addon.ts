/**
 * Loads a kernel that is an addon of Node into the thread at hand. A file may be loaded by several threads, and by one
 * several times.
 */
import { constants } from 'node:os';

/** Trains the networks in the first `vectors` vectors of a group's memory for `subchunks` times `epochs` epochs. */
export type AddonFunction = (bytes: Uint8Array, subchunks: number, epochs: number, vectors: number) => void;

/**
 * The function of an addon that printAddon has printed. Throws where the system does not load it. All that it needs
 * must be there at once: looked up later, by a call, a function that is missing would end the process.
 */
export function loadAddon(path: string): AddonFunction {
  const module: { exports: unknown } = { exports: {} };
  process.dlopen(module, path, constants.dlopen.RTLD_NOW);
  if (typeof module.exports !== 'function') throw new Error(`${path}: not an addon that is a function`);
  return module.exports as AddonFunction;
}
