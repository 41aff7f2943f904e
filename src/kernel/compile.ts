/**
 * From a shape to a compiled kernel: its program, the addresses of its sections, its module. The main thread compiles,
 * each shape once a run, and posts the result to the workers, which share the code that the engine makes of it.
 */
import type { CompiledKernel, WebAssemblyKernel } from '../../schemas/training-messages.ts';
import { type GroupShape, groupOffsets, placeSections } from '../group/layout.ts';
import { BYTES_OF } from '../numeric/bits.ts';
import { type Program, programOf } from './network/program.ts';
import { GRADIENT } from './network/shape.ts';
import { printShuffle, SHUFFLE_WORDS_BYTES } from './printers/print-shuffle.ts';
import { type Addresses, printWasm, VECTOR_BYTES } from './printers/print-wasm.ts';

/** Where the sections of a group and of a program's scratch begin, in bytes. */
export function addressesOf(program: Program, shape: GroupShape): Addresses {
  const group = groupOffsets(shape);
  const slotBytes = program.lanes * BYTES_OF[program.precision];
  const scratch = Object.entries(program.scratch).map(([name, count]) => [name, count * slotBytes] as const);
  const { offsets, end } = placeSections(scratch, group.end);
  return { sections: { ...group.offsets, ...offsets }, table: end };
}

/** Compiles the kernel of a shape: some milliseconds. */
export function compileKernel(shape: GroupShape): WebAssemblyKernel {
  const program = programOf(shape);
  const addresses = addressesOf(program, shape);
  const { bytes, constants } = printWasm(program, addresses);
  const tableEnd = addresses.table + constants.length * VECTOR_BYTES;
  return {
    kind: 'webassembly',
    module: new WebAssembly.Module(bytes),
    constants,
    tableOffset: addresses.table,
    gradientOffset: addresses.sections[GRADIENT.name],
    ...compileShuffle(shape, addresses, tableEnd),
  };
}

/**
 * Compiles the function that shuffles the samples of a shape, where they are, to stand behind the `end` of a kernel's
 * memory.
 */
export function compileShuffle(
  shape: GroupShape,
  { sections }: Addresses,
  end: number,
): Pick<CompiledKernel, 'shuffle' | 'memoryBytes'> {
  if (!shape.isShuffled) return { shuffle: null, memoryBytes: end };
  const module = new WebAssembly.Module(printShuffle(shape, { sections, words: end }));
  return { shuffle: module, memoryBytes: end + SHUFFLE_WORDS_BYTES };
}
