/** How errors become words on stderr and exit codes: 1 failed, 2 bad usage or sweep. */
import { describeProblem, RunError, UsageError } from '../../schemas/problems.ts';
import { limitError } from '../storage/process-limits.ts';
import { tellUser } from './output.ts';

/** Reports an error. Returns the exit code. */
export function reportError(error: unknown): number {
  if (error instanceof UsageError) {
    for (const problem of error.problems) tellUser(`gyre: ${describeProblem(problem)}`);
    return 2;
  }
  if (error instanceof RunError) {
    tellUser(`gyre: ${error.message}`);
    return 1;
  }
  const limit = limitError('system', error);
  if (limit !== null) {
    tellUser(`gyre: ${limit.message}`);
    return 1;
  }
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
  for (const line of `gyre: this is a defect of Gyre, please report it: ${what}`.split('\n')) tellUser(line);
  return 1;
}
