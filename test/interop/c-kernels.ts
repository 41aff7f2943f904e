/**
 * A third opinion on the bits: programs printed as C, compiled by the machine's compiler, and trained on the same
 * memory as the WebAssembly kernel. Every section must agree bit for bit; compiled once more so that it may fuse
 * multiply and add, it must not.
 *
 *     npx tsx test/interop/c-kernels.ts        CC names the compiler; exit code 2 where there is none
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ACTIVATIONS, namesOf } from '../../schemas/catalogue.ts';
import { groupMemory, sharedMemory } from '../../src/group/layout.ts';
import { addressesOf, compileKernel } from '../../src/kernel/compile.ts';
import { programOf } from '../../src/kernel/network/program.ts';
import { printC } from '../../src/kernel/printers/print-c.ts';
import { BYTES_OF } from '../../src/numeric/bits.ts';
import { kernelEngine } from '../../src/train/engine.ts';
import { differencesOf, differingBits } from '../kernel/compare.ts';
import { caseName, type GroupCase, networksOf, start, UPDATES, variedLanes } from '../kernel/groups.ts';

const CHUNKS = [1, 7, 32, 64];
const EPOCHS = { chunkEpochs: 64, subchunkEpochs: 8 };
const CC = process.env.CC ?? 'cc';

/** What a machine must have for vectors of so many bytes, and what the compiler must be told. */
const WIDTHS = [
  { vectorBytes: 16, needs: [], flags: [] },
  { vectorBytes: 32, needs: ['avx2'], flags: ['-mavx2'] },
  { vectorBytes: 64, needs: ['avx512f', 'avx512dq'], flags: ['-mavx512f', '-mavx512dq'] },
] as const;

interface CKernel {
  readonly groupCase: GroupCase;
  readonly width: (typeof WIDTHS)[number];
}

const folder = mkdtempSync(join(tmpdir(), 'gyre-c-'));
try {
  process.exitCode = main();
} finally {
  rmSync(folder, { recursive: true });
}

function main(): number {
  if (spawnSync(CC, ['--version']).status !== 0) {
    process.stderr.write(`c-kernels: no C compiler: ${CC} --version failed (set CC to one)\n`);
    return 2;
  }
  const has = new Set(existsSync('/proc/cpuinfo') ? readFileSync('/proc/cpuinfo', 'utf8').split(/\s+/) : []);
  const widths = WIDTHS.filter(({ needs }) => needs.every((feature) => has.has(feature)));
  for (const width of WIDTHS) {
    if (!widths.includes(width))
      process.stdout.write(
        `left out: vectors of ${width.vectorBytes} bytes, this machine has no ${width.needs.join(', ')}\n`,
      );
  }
  let bits = 0;
  const kernels = casesOf(widths);
  for (const kernel of kernels) {
    const { differing, lines } = compare(kernel, ['-ffp-contract=off']);
    bits += differing;
    const verdict = differing === 0 ? 'equal' : `${differing} bits differ\n  ${lines.slice(0, 5).join('\n  ')}`;
    process.stdout.write(`${caseName(kernel.groupCase)}, vectors of ${kernel.width.vectorBytes} bytes: ${verdict}\n`);
  }
  const fused = has.has('fma') ? compare(kernels[0], ['-mfma', '-ffp-contract=fast']) : null;
  if (fused === null) process.stdout.write('left out: the fused multiply-add, this machine has none\n');
  else if (fused.differing > 0) process.stdout.write(`fused: ${fused.lines[0]}\n`);
  const caught = fused === null ? 'was left out' : fused.differing > 0 ? 'was caught' : 'was NOT caught';
  process.stdout.write(`${kernels.length} cases, ${bits} differing bits; a fused multiply-add ${caught}\n`);
  return bits === 0 && fused?.differing !== 0 ? 0 : 1;
}

/** Networks and objectives. */
function casesOf(widths: readonly CKernel['width'][]): CKernel[] {
  return [...networkCases(widths), ...objectiveCases(widths)];
}

/** Each form once; exponents, precisions, widths and treatments of subnormals take turns. */
function objectiveCases(widths: readonly CKernel['width'][]): CKernel[] {
  return UPDATES.map((update, u) => {
    const networks = variedLanes(15, u).map((lane, l) => ({ ...lane, curvature: 0.5 + l }));
    const groupCase: GroupCase = {
      ...{ exponent: 2 + (u % 7), layers: [], activation: 'identity', sampleCount: 0, update, networks },
      ...{ precision: u % 2 === 0 ? 'float64' : 'float32', subnormals: u % 4 < 2 ? 'ieee' : 'flush' },
      ...{ lanes: 16, ...EPOCHS, seed: u },
    };
    return { groupCase, width: widths[u % widths.length] };
  });
}

/**
 * Each activation under each form once in either precision; batches, lanes, widths, shapes and treatments of subnormals
 * take turns.
 */
function networkCases(widths: readonly CKernel['width'][]): CKernel[] {
  const shapes = [
    [1, 2, 1],
    [1, 8, 8, 1],
    [2, 5, 3],
    [1, 17, 1],
    [3, 4, 2, 1],
  ];
  return namesOf(ACTIVATIONS).flatMap((activation, a) =>
    UPDATES.map((update, u) => {
      const i = a * UPDATES.length + u;
      const width = widths[i % widths.length];
      const precision = (a + u) % 2 === 0 ? 'float32' : 'float64';
      const lanes = i % 2 === 0 && width.vectorBytes / BYTES_OF[precision] <= 4 ? 4 : 16;
      const networks = variedLanes(lanes - (i % 3), i);
      const groupCase: GroupCase = {
        ...{
          activation,
          update,
          precision,
          subnormals: i % 4 < 2 ? 'ieee' : 'flush',
          layers: shapes[i % shapes.length],
        },
        ...(i % 3 === 0 ? {} : { batch: 2, shuffle: i % 3 === 1 }),
        ...{ sampleCount: 3 + (i % 7), lanes, ...EPOCHS, networks, seed: i },
      };
      return { groupCase, width };
    }),
  );
}

/** Trains a case by WebAssembly and by C from the same start. */
function compare({ groupCase, width }: CKernel, flags: readonly string[]): { differing: number; lines: string[] } {
  const { networks, shape } = networksOf(groupCase);
  const compiled = compileKernel(shape);
  const memory = sharedMemory(compiled.memoryBytes);
  const train = kernelEngine(start(groupCase, memory), compiled);
  const program = compileC(groupCase, width, flags);
  const image = join(folder, 'memory');
  let firstEpoch = 1;
  for (const count of CHUNKS) {
    const chunk = { firstEpoch, count };
    const before = Buffer.from(new Uint8Array(memory.buffer));
    train(chunk);
    const found = groupMemory(shape, memory.buffer);
    // The engine wrote the corrections of the chunk and the samples in their orders, which the C function needs too.
    for (const { byteOffset, byteLength } of [found.corrections, found.shuffledInputs, found.shuffledTargets])
      Buffer.from(memory.buffer, byteOffset, byteLength).copy(before, byteOffset);
    writeFileSync(image, before);
    const vectors = Math.ceil((networks.length * BYTES_OF[groupCase.precision]) / width.vectorBytes);
    const parts = Math.ceil(count / EPOCHS.subchunkEpochs);
    execFileSync(program, [image, ...[before.length, parts, count / parts, vectors].map(String)]);
    const shared = new SharedArrayBuffer(before.length);
    new Uint8Array(shared).set(readFileSync(image));
    const comparison = {
      shape,
      networkCount: networks.length,
      chunk,
      found: groupMemory(shape, shared),
      expected: found,
    };
    const differing = differingBits(comparison);
    if (differing > 0) return { differing, lines: differencesOf(comparison) };
    firstEpoch += count;
  }
  return { differing: 0, lines: [] };
}

/** Compiles a case's program with a main that trains a memory from a file and writes it back. */
function compileC(groupCase: GroupCase, width: CKernel['width'], flags: readonly string[]): string {
  const { shape } = networksOf(groupCase);
  const program = programOf(shape);
  const { sections } = addressesOf(program, shape);
  const number = groupCase.precision === 'float32' ? 'float' : 'double';
  const source = join(folder, 'kernel.c');
  const binary = join(folder, 'kernel');
  writeFileSync(
    source,
    `${printC(program, { name: 'train', sections, vectorBytes: width.vectorBytes })}
#include <stdio.h>
#include <stdlib.h>
int main(int count, char **arguments) {
  long bytes = atol(arguments[2]);
  ${number} *memory = aligned_alloc(64, bytes);
  FILE *file = fopen(arguments[1], "r+b");
  if (count != 6 || !file || !memory || fread(memory, 1, bytes, file) != (size_t)bytes) return 1;
  train(memory, atol(arguments[3]), atol(arguments[4]), atol(arguments[5]));
  rewind(file);
  if (fwrite(memory, 1, bytes, file) != (size_t)bytes || fclose(file)) return 1;
  return 0;
}
`,
  );
  execFileSync(CC, ['-O2', ...width.flags, ...flags, '-o', binary, source, '-lm'], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return binary;
}
