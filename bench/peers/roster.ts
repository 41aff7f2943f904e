/**
 * Who is measured: every peer with the command of its process for a problem, or the reason why it is not there.
 */
import { join } from 'node:path';
import { buildCKernel, type CBuild } from './c-kernel.ts';
import { type Found, findGcc, findNative, findOtherNode, findPython, findTfjs, machine } from './installed.ts';
import type { Outcome, Problem } from './problem.ts';

/** Where a problem stands and how long a rate may take. */
interface Place {
  readonly folder: string;
  readonly seconds: number;
}

export interface Peer {
  readonly id: string;
  readonly title: string;
  /** What is asked once whether the peer can be had. */
  readonly needs?: () => Found;
  /** The command of a process that prints an outcome as its last line. */
  command(problem: Problem, place: Place, found: string): string[];
  /** What the last line means, where it is not an outcome. */
  outcome?(line: string, problem: Problem): Outcome;
  /** Same operations in the same order: the bits must be equal. */
  readonly exact?: boolean;
}

const here = (file: string): string => new URL(file, import.meta.url).pathname;
const script = (node: string, file: string): string[] => [node, '--import', import.meta.resolve('tsx'), here(file)];

/** The answer of a function that is asked once. */
function once(find: () => Found): () => Found {
  let found: Found | undefined;
  return () => {
    found ??= find();
    return found;
  };
}
const python = once(findPython);
const tfjs = once(findTfjs);
const gcc = once(findGcc);
const native = once(findNative);

function cPeer(id: string, title: string, build: CBuild, extension = ''): Peer {
  return {
    id,
    title,
    exact: true,
    needs: () =>
      machine().has(extension) || extension === '' ? gcc() : { missing: `no ${extension} on this machine` },
    command: (problem, { folder, seconds }) => buildCKernel(problem, build, { folder: join(folder, id), seconds }),
    outcome: (line, { epochs }) => {
      const { rate, bits } = JSON.parse(line) as { rate: number; bits: number[] };
      const losses = [...new Float32Array(Uint32Array.from(bits).buffer)];
      return { version: 'C', variants: [{ name: `gcc -O2 ${build.flags.join(' ')}`, rate, epoch: epochs, losses }] };
    },
  };
}

const pythonPeer = (id: string, title: string, file: string, ...argument: string[]): Peer => ({
  id,
  title,
  needs: python,
  command: (_problem, { folder }, path) => [path, here(file), folder, ...argument],
});

const tfjsPeer = (backend: string): Peer => ({
  id: `tfjs-${backend}`,
  title: `TensorFlow.js, ${backend}`,
  needs: tfjs,
  command: (_problem, { folder }, path) => [...script(process.execPath, 'tfjs.ts'), folder, backend, path],
});

/** Gyre first; what is compared most closely stands next to it. */
export const PEERS: readonly Peer[] = [
  {
    id: 'gyre',
    title: 'Gyre',
    exact: true,
    command: (_problem, { folder }) => [...script(process.execPath, 'gyre.ts'), folder, 'webassembly'],
  },
  {
    id: 'gyre-native',
    title: 'Gyre, native code',
    exact: true,
    needs: native,
    command: (_problem, { folder }) => [...script(process.execPath, 'gyre.ts'), folder, 'native'],
  },
  cPeer('c-sse2', 'C, 128 bits, SSE2', { vectorBytes: 16, flags: [] }, 'sse2'),
  cPeer('c-v3', 'C, 128 bits, x86-64-v3', { vectorBytes: 16, flags: ['-march=x86-64-v3'] }, 'avx2'),
  cPeer('c-native', 'C, 128 bits, native', { vectorBytes: 16, flags: ['-march=native'] }),
  {
    id: 'gyre-24',
    title: 'Gyre, Node 24',
    exact: true,
    needs: once(findOtherNode),
    command: (_problem, { folder }, path) => [...script(path, 'gyre.ts'), folder, 'webassembly'],
  },
  cPeer('c-256', 'C, 256 bits, native', { vectorBytes: 32, flags: ['-march=native'] }, 'avx2'),
  cPeer('c-512', 'C, 512 bits, native', { vectorBytes: 64, flags: ['-march=native'] }, 'avx512f'),
  {
    id: 'reference',
    title: 'JavaScript loops',
    exact: true,
    command: (_problem, { folder }) => [...script(process.execPath, 'reference.ts'), folder],
  },
  pythonPeer('torch-loop', 'PyTorch, one network', 'torch_peer.py', 'loop'),
  pythonPeer('torch-batched', 'PyTorch, batched', 'torch_peer.py', 'batched'),
  pythonPeer('numpy', 'NumPy, batched', 'numpy_peer.py'),
  pythonPeer('jax', 'JAX, jit of vmap', 'jax_peer.py'),
  tfjsPeer('cpu'),
  tfjsPeer('wasm'),
];
