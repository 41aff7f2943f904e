/**
 * Kernels for the tests, each shape compiled once.
 */
import type { WebAssemblyKernel } from '../../schemas/training-messages.ts';
import type { GroupShape } from '../../src/group/layout.ts';
import { compileKernel } from '../../src/kernel/compile.ts';

const kernels = new Map<string, WebAssemblyKernel>();

/** The kernel of a shape in WebAssembly. */
export function kernelOf(shape: GroupShape): WebAssemblyKernel {
  const key = JSON.stringify(shape);
  const kernel = kernels.get(key) ?? compileKernel(shape);
  kernels.set(key, kernel);
  return kernel;
}
