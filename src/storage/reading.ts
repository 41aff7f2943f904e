/**
 * Reading what somebody else may have made: whatever goes wrong with it is told in words and names the folder, since no
 * defect of Gyre need be behind it. Only for code that reads and builds records in memory; a defect elsewhere stays a
 * defect.
 */
import { RunError, UsageError } from '../../schemas/problems.ts';

/**
 * Runs an operation that reads a run.
 *
 * @throws RunError in the place of any other error than one that has words of its own.
 */
export function reading<T>(where: string, operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    throw asUnreadable(where, error);
  }
}

function asUnreadable(where: string, error: unknown): unknown {
  if (error instanceof RunError || error instanceof UsageError) return error;
  const got = `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  const remedy = 'restore the run from a copy; if it was made by this version of Gyre, please report it';
  return new RunError({ where, got, remedy }, { cause: error });
}
