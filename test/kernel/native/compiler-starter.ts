/**
 * A process that starts the compiler of its argument, and exits with 7 once it is told to: for
 * compiler-process.test.ts.
 */
import { runCompiler } from '../../../src/kernel/native/compiler-process.ts';

process.stdin.once('data', () => process.exit(7));
await runCompiler([process.argv[2]], { timeLimitMs: 600_000 });
