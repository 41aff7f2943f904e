/**
 * What a kernel costs before it trains: bytes of its module, and the time to make it (tree, bytes, engine).
 */
import { addressesOf } from '../../src/kernel/compile.ts';
import { programOf } from '../../src/kernel/network/program.ts';
import { printWasm } from '../../src/kernel/printers/print-wasm.ts';
import { benchGroup } from './group.ts';
import { median, type Problem } from './problem.ts';

export interface ModuleCost {
  readonly bytes: number;
  /** From the shape to the compiled module, median. */
  readonly compileMs: number;
  /** The engine's part of it. */
  readonly engineMs: number;
}

const REPEATS = 20;

/** Each module differs by a custom section, so that the engine cannot give back one that it has compiled already. */
export function moduleCost(problem: Problem, lanes: number): ModuleCost {
  const { shape } = benchGroup(problem, lanes);
  let length = 0;
  const times = Array.from({ length: REPEATS }, (_, i) => {
    const begin = performance.now();
    const program = programOf(shape);
    const { bytes } = printWasm(program, addressesOf(program, shape));
    const customSection = [0, 2, 1, i];
    const fresh = Uint8Array.from([...bytes, ...customSection]);
    length = bytes.length;
    const printed = performance.now();
    new WebAssembly.Module(fresh);
    const end = performance.now();
    return { all: end - begin, engine: end - printed };
  });
  return {
    bytes: length,
    compileMs: median(times.map(({ all }) => all)),
    engineMs: median(times.map(({ engine }) => engine)),
  };
}
