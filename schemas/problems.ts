/**
 * Problems: what Gyre says when it cannot go on. Each one tells where it is, what was got, what was expected and what
 * to do about it. A user's mistakes are collected and thrown together; the command line turns them into text and exit
 * codes.
 */

/** One thing that is wrong. */
export interface Problem {
  /** File, line, key path or option: as near as it can be pointed at. */
  readonly where: string;
  /** What stands there, or what happened. */
  readonly got: string;
  /** What would have been right; left out where `got` says it all. */
  readonly expected?: string;
  /** What to do; left out where `expected` says it all. */
  readonly remedy?: string;
}

/** A problem on one line: `where: got X, expected Y (remedy)`. */
export function describeProblem({ where, got, expected, remedy }: Problem): string {
  const body = expected === undefined ? got : `got ${got}, expected ${expected}`;
  return `${where}: ${body}${remedy === undefined ? '' : ` (${remedy})`}`;
}

/** As many as a person reads at once: what is no sweep at all may have thousands. */
export const PROBLEMS_MAX = 50;

/** The first problems of a list that may be long, and how many more there are. `where` is what they are in. */
export function cappedProblems(problems: readonly Problem[], where: string): readonly Problem[] {
  const more = problems.length - PROBLEMS_MAX;
  if (more <= 0) return problems;
  return [...problems.slice(0, PROBLEMS_MAX), { where, got: `${more.toLocaleString('en')} more problems` }];
}

/** The user's mistakes, all at once: bad usage or a bad sweep. Exit code 2. */
export class UsageError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: Problem | readonly Problem[]) {
    const list = 'where' in problems ? [problems] : problems;
    super(list.map(describeProblem).join('\n'));
    this.name = 'UsageError';
    this.problems = list;
  }
}

/** A run that could not go on through no fault of the sweep: disk, memory, a corrupt file. Exit code 1. */
export class RunError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem, options?: ErrorOptions) {
    super(describeProblem(problem), options);
    this.name = 'RunError';
    this.problem = problem;
  }
}

/** The problems that an operation throws; none where it does not. */
export function problemsIn(operation: () => void): readonly Problem[] {
  try {
    operation();
    return [];
  } catch (error) {
    if (error instanceof UsageError) return error.problems;
    if (error instanceof RunError) return [error.problem];
    throw error;
  }
}

/** What a file that cannot be read is, in words. */
export function unreadableText(error: unknown): string {
  const known: Readonly<Record<string, string>> = {
    ENOENT: 'no such file',
    ENOTDIR: 'a file where a folder is expected',
    EISDIR: 'a folder',
    EACCES: 'a file that may not be read',
    ENAMETOOLONG: 'a name that is too long',
    ELOOP: 'links that lead to each other',
  };
  return known[systemErrorCode(error) ?? ''] ?? String(error);
}

/** The `code` of a Node.js system error (`ENOSPC`, `EACCES`…), or undefined for any other value. */
export function systemErrorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
