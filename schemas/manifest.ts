/**
 * run.json, the manifest of a run: which sweep, by which arithmetic and engine. Written once when the run begins; what
 * happened since is the journal's.
 */
import type { Shard } from './shard.ts';
import type { Sweep } from './sweep.ts';

/**
 * What trains the networks: kernels in WebAssembly, kernels in native code, or the scalar reference. The bits are the
 * same.
 */
export const ENGINE_NAMES = ['kernel', 'native', 'reference'] as const;
export type EngineName = (typeof ENGINE_NAMES)[number];

export interface Manifest {
  readonly format: 'gyre-run';
  readonly formatVersion: number;
  readonly name: string;
  /** First 8 hex digits of the hash of the sweep without name, epochs and trace. */
  readonly key: string;
  /** SHA-256 of the whole resolved sweep, 64 hex digits. */
  readonly sweepHash: string;
  readonly arithmetic: string;
  /** Of the session that began the run. */
  readonly engine: EngineName;
  /** Of this folder: of the shard, where it is one. */
  readonly networks: number;
  /** Present where the folder holds a part of the plan; `members` tells of which networks (src/plan/shard.ts). */
  readonly shard?: Shard & { readonly members: string };
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** Version of Gyre that began the run. */
  readonly gyre: string;
  /** With the thresholds behind labels and events, in `detectors`. */
  readonly sweep: Sweep;
}
