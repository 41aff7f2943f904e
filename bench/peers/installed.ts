/**
 * What a bench runs that is not Gyre's own: a virtual environment for Python, TensorFlow.js, another Node, gcc. Made or
 * found when first asked for, in a cache folder that npm install leaves alone; what cannot be had is said with the
 * reason and skipped.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { compilerText, findToolchain } from '../../src/kernel/native/toolchain.ts';

const CACHE = new URL('../../node_modules/.cache/gyre-bench', import.meta.url).pathname;
const REQUIREMENTS = new URL('requirements.txt', import.meta.url).pathname;
const TFJS_PACKAGES = ['@tensorflow/tfjs@4.22.0', '@tensorflow/tfjs-backend-wasm@4.22.0'];
const OTHER_NODE = 'node@24';

/** Something to be had, or why not. */
export type Found = { readonly path: string } | { readonly missing: string };

function attempt(find: () => string): Found {
  try {
    return { path: find() };
  } catch (error) {
    const { stderr, message } = error as { stderr?: Buffer | string; message: string };
    const text = String(stderr ?? '').trim() || message;
    return { missing: text.split('\n').slice(-1)[0].slice(0, 300) };
  }
}

const output = (command: string, argument: readonly string[]): string =>
  execFileSync(command, argument, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();

/** A Python with the packages of requirements.txt. */
export function findPython(): Found {
  return attempt(() => {
    const folder = join(CACHE, 'venv');
    const python = join(folder, 'bin/python');
    const stamp = join(folder, 'requirements.sha256');
    const hash = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex');
    if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return python;
    mkdirSync(CACHE, { recursive: true });
    process.stderr.write('making a virtual environment with NumPy, JAX and PyTorch: some minutes, once\n');
    if (!existsSync(python)) output('python3', ['-m', 'venv', folder]);
    // One by one: that one cannot be had costs that peer alone.
    for (const requirement of readFileSync(REQUIREMENTS, 'utf8').split('\n').filter(Boolean)) {
      const one = attempt(() => output(python, ['-m', 'pip', 'install', '--quiet', requirement]));
      if ('missing' in one) process.stderr.write(`${requirement} cannot be installed: ${one.missing}\n`);
    }
    writeFileSync(stamp, hash);
    return python;
  });
}

/** The node_modules that has TensorFlow.js. */
export function findTfjs(): Found {
  return attempt(() => {
    const folder = join(CACHE, 'tfjs');
    const modules = join(folder, 'node_modules');
    if (existsSync(join(modules, '@tensorflow/tfjs-backend-wasm'))) return modules;
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
    output('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', '--ignore-scripts', ...TFJS_PACKAGES]);
    return modules;
  });
}

/** Another major version of Node, from the npm registry. */
export function findOtherNode(): Found {
  return attempt(() => {
    const path = output('npx', ['-y', OTHER_NODE, '-e', 'console.log(process.execPath)']).split('\n').at(-1) as string;
    if (!existsSync(path)) throw new Error(`npx printed ${path}`);
    return path;
  });
}

/** The compiler that `--kernel native` takes, asked when this is loaded since it answers later. */
const native: Found = await findToolchain().then(
  (toolchain) => ({ path: compilerText(toolchain) }),
  ({ message }: Error) => ({ missing: message }),
);

/** The compiler that `--kernel native` takes. */
export const findNative = (): Found => native;

export function findGcc(): Found {
  return attempt(() => output('gcc', ['--version']).split('\n')[0]);
}

/** taskset -c 1 where there is such a program and such a core. */
export function pinning(): string[] {
  const pin = ['taskset', '-c', '1'];
  return 'path' in attempt(() => output(pin[0], [...pin.slice(1), 'true'])) ? pin : [];
}

/** What the processor is, and whether it has an extension; no names of hosts. */
export function machine(): { processor: string; cores: number; has(flag: string): boolean } {
  const info = attempt(() => readFileSync('/proc/cpuinfo', 'utf8'));
  const flags = 'path' in info ? (/^flags\s*:(.*)$/m.exec(info.path)?.[1] ?? '').split(' ') : [];
  return { processor: cpus()[0].model.trim(), cores: cpus().length, has: (flag) => flags.includes(flag) };
}

/** The environment in which peers run: one thread each, and the processor that there is. */
export function singleThreaded(): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' };
  // Set on some machines for old builds of OpenBLAS; they slow a current one.
  delete environment.OPENBLAS_CORETYPE;
  delete environment.OPENBLAS_L2_SIZE;
  return { ...environment, MKL_NUM_THREADS: '1', PYTHONDONTWRITEBYTECODE: '1', TF_CPP_MIN_LOG_LEVEL: '3' };
}
