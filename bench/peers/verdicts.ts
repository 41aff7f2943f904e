/**
 * What the kernels have to reach beside their peers, and whether they do.
 */
import type { Problem } from './problem.ts';

/** A requirement with what was measured: the worst over the shapes that it is about. */
export interface NetworkOutcome {
  readonly requirement: string;
  readonly target: number;
  readonly measured: number;
  readonly problem: string;
  /** Where the best engine of Gyre that the machine allows is judged: what each of them has. */
  readonly engines?: Readonly<Record<string, number>>;
  readonly met: boolean;
}

/** The ratio of one id's rate to that of a peer, in its best way or the one named; null where one was not measured. */
export type RatioOf = (problem: Problem, options: { id: string; peer: string; way?: string }) => number | null;

/** Engines of Gyre, in WebAssembly and in native code. */
const ENGINES = ['gyre', 'gyre-native'];
const C_BUILDS = ['c-sse2', 'c-v3', 'c-native'];

/** Ratios that ask for at least a target; those that nothing was measured for are left out. */
export function verdicts(problems: readonly Problem[], ratioOf: RatioOf): NetworkOutcome[] {
  const small = problems.filter(({ isSmall }) => isSmall);
  const large = problems.filter(({ isSmall }) => !isSmall);
  const isNode24 = process.versions.node.startsWith('24.');
  const found: (NetworkOutcome | null)[] = [
    ...C_BUILDS.map((build) => worst(`Gyre / ${build}, small shapes`, isNode24 ? 0.88 : 0.82, small, 'gyre', build)),
    ...C_BUILDS.map((build) => worst(`Gyre on Node 24 / ${build}, small shapes`, 0.88, small, 'gyre-24', build)),
    ...C_BUILDS.map((build) => worst(`Gyre / ${build}, large shape`, 0.65, large, 'gyre', build)),
    best(
      'Gyre / PyTorch, one network by autograd and torch.optim.Adam, small shapes',
      110,
      small,
      'torch-loop',
      'autograd',
    ),
    best('Gyre / PyTorch, one network in the fastest way, small shapes', 110, small, 'torch-loop'),
    best('Gyre / PyTorch, batched, small shapes', 3, small, 'torch-batched'),
    best('Gyre / NumPy, small shapes', 3, small, 'numpy'),
    best('Gyre / PyTorch, one network in the fastest way, large shape', 3, large, 'torch-loop'),
    best('Gyre / PyTorch, batched, large shape', 1, large, 'torch-batched'),
    best('Gyre / NumPy, large shape', 1, large, 'numpy'),
    worst('Gyre / TensorFlow.js, cpu, small shapes', 100, small, 'gyre', 'tfjs-cpu'),
    worst('Gyre / TensorFlow.js, wasm, small shapes', 100, small, 'gyre', 'tfjs-wasm'),
    best('Gyre / JAX, small shapes', 1, small, 'jax'),
  ];
  return found.filter((verdict) => verdict !== null);

  /** Peers that take the vectors that the processor has are compared with the best engine, whose worst shape counts. */
  function best(requirement: string, target: number, among: readonly Problem[], peer: string, way?: string) {
    const ofEngines = ENGINES.map((id) => worst(requirement, target, among, id, peer, way));
    const [first, ...others] = ofEngines.filter((verdict) => verdict !== null);
    if (first === undefined) return null;
    const judged = others.reduce((a, b) => (b.measured > a.measured ? b : a), first);
    const engines = Object.fromEntries(
      ENGINES.map((id, i) => [id, ofEngines[i]?.measured]).filter(([, ratio]) => ratio),
    );
    return { ...judged, engines };
  }

  function worst(
    requirement: string,
    target: number,
    among: readonly Problem[],
    id: string,
    peer: string,
    way?: string,
  ) {
    const ratios = among.map((problem) => ({
      problem: problem.name,
      measured: ratioOf(problem, way === undefined ? { id, peer } : { id, peer, way }),
    }));
    const measured = ratios.filter((ratio): ratio is { problem: string; measured: number } => ratio.measured !== null);
    if (measured.length === 0) return null;
    const least = measured.reduce((a, b) => (b.measured < a.measured ? b : a));
    return { requirement, target, ...least, met: least.measured >= target };
  }
}
