/** `npm run bench`: all benchmarks of Gyre itself, one after another. Each prints its own result and writes it. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const BENCHES = [
  'memory',
  'kernels',
  'runs',
  'subnormals',
  'replay',
  'traces',
  'batches',
  'dashboard',
  'detectors',
] as const;

for (const name of BENCHES) {
  process.stdout.write(`\n${name}\n`);
  const file = join(import.meta.dirname, `${name}.ts`);
  execFileSync(process.execPath, ['--import', 'tsx', file], { stdio: 'inherit' });
}
