/**
 * The kernel printed as C, compiled by gcc with given flags and timed by kernel-driver.c. The same operations in the
 * same order, so the bits must be the same.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addressesOf } from '../../src/kernel/compile.ts';
import { programOf } from '../../src/kernel/network/program.ts';
import { printC } from '../../src/kernel/printers/print-c.ts';
import { BYTES_OF } from '../../src/numeric/bits.ts';
import { benchGroup, sectionOffsets, trainThrough } from './group.ts';
import type { Problem } from './problem.ts';

/** How a kernel is compiled. */
export interface CBuild {
  readonly vectorBytes: 16 | 32 | 64;
  readonly flags: readonly string[];
}

const DRIVER = new URL('kernel-driver.c', import.meta.url).pathname;

/** Compiles a problem's kernel into a folder; returns the command that times it for `seconds`. */
export function buildCKernel(problem: Problem, build: CBuild, options: { folder: string; seconds: number }): string[] {
  const lanes = build.vectorBytes / BYTES_OF.float32;
  const group = benchGroup(problem, lanes);
  const { shape } = group;
  const program = programOf(shape);
  const { corrections, correctionCount } = trainThrough(group, problem.epochs);
  mkdirSync(options.folder, { recursive: true });
  const file = (name: string) => join(options.folder, name);
  const { sections } = addressesOf(program, shape);
  writeFileSync(file('kernel.c'), printC(program, { name: 'train', sections, vectorBytes: build.vectorBytes }));
  writeFileSync(file('image'), group.image);
  writeFileSync(file('corrections'), new Uint8Array(corrections.buffer));
  execFileSync('gcc', ['-O2', '-ffp-contract=off', ...build.flags, '-c', file('kernel.c'), '-o', file('kernel.o')]);
  execFileSync('gcc', ['-O2', DRIVER, file('kernel.o'), '-o', file('kernel')]);
  const offsets = sectionOffsets(shape);
  const numbers = [lanes, 1, problem.epochs, shape.chunkEpochs, shape.subchunkEpochs, correctionCount];
  const places = [offsets.corrections, offsets.signals];
  return [file('kernel'), file('image'), file('corrections'), ...[...numbers, ...places, options.seconds].map(String)];
}
