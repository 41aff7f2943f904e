/**
 * Starts a compiler and waits for it, with limits on its time and on what is kept of its words. Each compiler leads a
 * process group of its own, and the whole group ends with it where it is too slow, where it is not wanted any more, or
 * where this process exits. A script in front of the compiler therefore leaves nothing behind.
 */
import { type ChildProcess, spawn } from 'node:child_process';

/** How a compiler is started. */
export interface CompilerLimits {
  readonly timeLimitMs: number;
  /** Ends the compiler early. */
  readonly signal?: AbortSignal;
  readonly environment?: NodeJS.ProcessEnv;
  /** Sees each line of stdout. Without it, stdout is ignored. */
  readonly onLine?: (line: string) => void;
}

/** What became of a compiler. */
export type CompilerEnd =
  /**
   * It has ended by itself, with an exit code or, of a signal, null. `words` are the first and the last ones of its
   * stderr.
   */
  | { readonly kind: 'ended'; readonly code: number | null; readonly words: string }
  | { readonly kind: 'not-started'; readonly words: string }
  | { readonly kind: 'too-slow' }
  | { readonly kind: 'stopped' };

/** Characters that are kept of each end of stderr. */
const WORDS_MAX = 4096;
/** No line that matters is longer. */
const LINE_MAX = 512;
/** A compiler that has failed has said so by then, though somebody who holds its stderr may live on. */
const LAST_WORDS_MS = 2000;

/** The leaders of the groups at work. */
const groups = new Set<number>();

/** Runs a compiler to its end. Never rejects. */
export function runCompiler(command: readonly string[], limits: CompilerLimits): Promise<CompilerEnd> {
  const { timeLimitMs, signal, environment = process.env, onLine } = limits;
  if (signal?.aborted === true) return Promise.resolve({ kind: 'stopped' });
  return new Promise((resolve) => {
    const [program, ...argument] = command;
    const child = start(program, argument, { environment, readsStdout: onLine !== undefined });
    if (child instanceof Error) {
      resolve({ kind: 'not-started', words: child.message });
      return;
    }
    const words = new Words();
    child.stderr?.setEncoding('utf8').on('data', (text: string) => words.add(text));
    if (onLine !== undefined) passLines(child, onLine);

    let isSettled = false;
    const settle = (end: CompilerEnd) => {
      if (isSettled) return;
      isSettled = true;
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
      // Of a compiler that was content, what it left at work (the server of a cache) may stay.
      if (end.kind !== 'ended' || end.code !== 0) endGroup(child.pid);
      forget(child.pid);
      child.stdout?.destroy();
      child.stderr?.destroy();
      resolve(end);
    };
    const stop = () => settle({ kind: 'stopped' });
    let timer = setTimeout(() => settle({ kind: 'too-slow' }), timeLimitMs);
    signal?.addEventListener('abort', stop, { once: true });
    child.on('error', ({ message }) => settle({ kind: 'not-started', words: message }));
    const ended = (code: number | null) => settle({ kind: 'ended', code, words: words.text });
    child.once('close', ended);
    child.once('exit', (code) => {
      // What it was asked for is in files, or its words are on their way.
      if (code === 0 && onLine === undefined) return ended(code);
      clearTimeout(timer);
      timer = setTimeout(ended, LAST_WORDS_MS, code);
    });
  });
}

/** A compiler that leads a group, or why there is none. */
function start(
  program: string,
  argument: readonly string[],
  { environment, readsStdout }: { environment: NodeJS.ProcessEnv; readsStdout: boolean },
): ChildProcess | Error {
  try {
    const child = spawn(program, argument, {
      stdio: ['ignore', readsStdout ? 'pipe' : 'ignore', 'pipe'],
      env: environment,
      detached: true,
    });
    if (child.pid !== undefined) remember(child.pid);
    return child;
  } catch (error) {
    // Such as a byte of 0 in an argument.
    return error instanceof Error ? error : new Error(String(error));
  }
}

function remember(pid: number): void {
  if (groups.size === 0) process.on('exit', endAllGroups);
  groups.add(pid);
}

function forget(pid: number | undefined): void {
  if (pid === undefined || !groups.delete(pid) || groups.size > 0) return;
  process.off('exit', endAllGroups);
}

function endAllGroups(): void {
  for (const pid of groups) endGroup(pid);
}

function endGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // Nobody of it is left.
  }
}

/** The first and the last characters of a text that comes piece by piece. */
class Words {
  #head = '';
  #tail = '';

  add(text: string): void {
    const room = WORDS_MAX - this.#head.length;
    this.#head += text.slice(0, room);
    if (text.length > room) this.#tail = (this.#tail + text.slice(room)).slice(-WORDS_MAX);
  }

  get text(): string {
    return this.#tail === '' ? this.#head : `${this.#head}\n${this.#tail}`;
  }
}

/** Tells lines of stdout as they come. Of a very long one, only its end is told. */
function passLines({ stdout }: ChildProcess, onLine: (line: string) => void): void {
  let rest = '';
  stdout
    ?.setEncoding('utf8')
    .on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = (lines.pop() ?? '').slice(-LINE_MAX);
      for (const line of lines) onLine(line);
    })
    .on('end', () => onLine(rest));
}
