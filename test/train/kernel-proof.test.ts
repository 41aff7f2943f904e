/**
 * The proof of kernels. A kernel that is wrong stands for one that a compiler has spoilt: in WebAssembly, so that no
 * compiler is needed, and of a program in which one value is wrong in its last bit, which is what a fused or reordered
 * operation comes to.
 */
import { describe, expect, test } from 'vitest';
import { ACTIVATIONS, namesOf, PRECISIONS, type Precision } from '../../schemas/catalogue.ts';
import type { Network } from '../../schemas/network.ts';
import { OPTIMIZER_DEFAULTS } from '../../schemas/sweep.ts';
import type { WebAssemblyKernel } from '../../schemas/training-messages.ts';
import type { GroupShape } from '../../src/group/layout.ts';
import { addressesOf } from '../../src/kernel/compile.ts';
import { type Program, programOf } from '../../src/kernel/network/program.ts';
import { printWasm } from '../../src/kernel/printers/print-wasm.ts';
import { addBits, constant, type Statement } from '../../src/kernel/tree/tree.ts';
import { operationsPerEpoch } from '../../src/plan/cost.ts';
import { kernelFault, proofSize } from '../../src/train/kernel-proof.ts';
import { type GroupCase, networksOf, UPDATES } from '../kernel/groups.ts';
import { kernelOf } from '../support/kernels.ts';

const base: GroupCase = {
  layers: [1, 2, 1],
  activation: 'tanh',
  update: { kind: 'adam', form: 'torch' },
  precision: 'float32',
  subnormals: 'ieee',
  sampleCount: 3,
  lanes: 4,
  chunkEpochs: 40,
  subchunkEpochs: 20,
  networks: [OPTIMIZER_DEFAULTS],
  seed: 1,
};

function caseOf(changes: Partial<GroupCase> = {}): { network: Network; shape: GroupShape } {
  const { networks, shape } = networksOf({ ...base, ...changes });
  return { network: networks[0], shape };
}

/** What the proof finds in a kernel for one case that is passed off as that of another. */
function faultOf(shape: GroupShape, network: Network, kernel = kernelOf(shape)) {
  const operations = operationsPerEpoch(network);
  return kernelFault({ network, operations, shape, kernel, reference: kernelOf(shape) });
}

/** All kinds of shapes. */
const CASES: readonly Partial<GroupCase>[] = [
  ...UPDATES.flatMap((update, u) =>
    namesOf(PRECISIONS).map((precision, p) => ({
      update,
      precision,
      activation: namesOf(ACTIVATIONS)[(u + p) % namesOf(ACTIVATIONS).length],
      lanes: [2, 4, 8, 16][(u + p) % 4] * (precision === 'float32' && (u + p) % 4 === 0 ? 2 : 1),
    })),
  ),
  { batch: 2 },
  { batch: 2, shuffle: true },
  { exponent: 2 },
  { exponent: 5, precision: 'float64', subnormals: 'flush' },
];

/** The last bit of a number as a vector to be added to its bits. */
const LAST_BIT: Readonly<Record<Precision, number>> = { float32: 2 ** -149, float64: 2 ** -1074 };

/**
 * A program in which the values that a predicate chooses by their number are wrong in their last bit; how many values
 * there are.
 */
function spoilt(program: Program, isSpoilt: (number: number) => boolean): { program: Program; count: number } {
  let count = 0;
  const lastBit = constant(LAST_BIT[program.precision]);
  const block = (statements: readonly Statement[]): Statement[] =>
    statements.map((statement) => {
      if (statement.kind === 'loop') return { ...statement, body: block(statement.body) };
      if (statement.kind === 'note' || !isSpoilt(count++)) return statement;
      return { ...statement, value: addBits(statement.value, lastBit) };
    });
  return { program: { ...program, tree: block(program.tree) }, count };
}

/** The kernel of a shape whose value of some number is wrong. */
function spoiltKernel(shape: GroupShape, number: number): WebAssemblyKernel {
  const { program } = spoilt(programOf(shape), (other) => other === number);
  const { bytes, constants } = printWasm(program, addressesOf(program, shape));
  const whole = kernelOf(shape);
  return { ...whole, module: new WebAssembly.Module(bytes), constants, memoryBytes: whole.memoryBytes + 65_536 };
}

describe('a kernel', () => {
  test.each(CASES)('that is right proves itself: %j', (changes) => {
    const { network, shape } = caseOf(changes);
    expect(faultOf(shape, network)).toBeNull();
  });

  // The last bit of a small term of a polynomial, or of a mask, changes no result. A compiler's liberties concern many
  // values at once.
  test.each(CASES)('in which one value is wrong in its last bit does not, for two of three values: %j', (changes) => {
    const { network, shape } = caseOf(changes);
    const { count } = spoilt(programOf(shape), () => false);
    const faults: unknown[] = [];
    // Every tenth value, others in each case.
    for (let number = CASES.indexOf(changes) % 10; number < count; number += 10)
      faults.push(faultOf(shape, network, spoiltKernel(shape, number)));
    expect(faults.filter((fault) => fault !== null).length).toBeGreaterThanOrEqual((2 / 3) * faults.length);
  });

  test.each(UPDATES)('of $kind $form that flushes subnormal numbers does not, in either precision', (update) => {
    for (const precision of namesOf(PRECISIONS)) {
      const { network, shape } = caseOf({ update, precision });
      const flushing = kernelOf({ ...shape, subnormals: 'flush' });
      expect(faultOf(shape, network, flushing)).not.toBeNull();
    }
  });

  test('that is wrong is told of with place, lane and both bit patterns', () => {
    const { network, shape } = caseOf();
    const wrong = kernelOf(caseOf({ update: { kind: 'adam', form: 'paper' } }).shape);
    expect(faultOf(shape, network, wrong)).toEqual({
      got: expect.stringMatching(
        /^a kernel that trains other bits: in signal \w+ of epoch 1, lane \d of 4, [0-9a-f]{8}$/,
      ),
      expected: expect.stringMatching(/^[0-9a-f]{8}, as in WebAssembly$/),
    });
  });
});

test('a proof is as long as its work allows, and one epoch at least', () => {
  expect(proofSize(300, { lanes: 4 })).toEqual({ rounds: 3, epochs: 48 });
  expect(proofSize(2 ** 30, { lanes: 4 })).toEqual({ rounds: 1, epochs: 1 });
});
