/**
 * Settings of CC for native-runs.ts: compilers with options and scripts around compilers that might give other bits, no
 * kernel or no answer. Each one says what a run under it must come to.
 */
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface CompilerSetting {
  readonly name: string;
  readonly CC: string;
  /** The golden fingerprint, a refusal with exit code 2, or one of the two: which one depends on the compiler. */
  readonly expected: 'golden' | 'refused' | 'either';
  /** What a refusal must say beside the compiler's name. */
  readonly words?: RegExp;
  /** Takes as long as the limit on a compiler's time. */
  readonly isSlow?: boolean;
}

/** Arguments in front of Gyre's own, which must take them back where they change bits. */
const HARMLESS = [
  '',
  '-ffast-math',
  '-Ofast',
  '-O0',
  '-O3 -funroll-loops',
  '-Os',
  '-funsafe-math-optimizations -fno-math-errno',
  '-fassociative-math -fno-signed-zeros -fno-trapping-math',
  '-freciprocal-math',
  '-ffinite-math-only',
  '-fno-signed-zeros',
  '-frounding-math',
  '-fno-trapping-math',
  '-ffp-contract=fast',
  '-mfma -ffp-contract=fast',
  '-ffast-math -mrecip',
  '-march=x86-64',
  '-mno-avx2',
  '-mno-avx',
  '-mno-fma',
  '-flto',
  '-Wall -Wextra -pedantic',
  '-std=c89',
  '-g3',
  '-Dfloat=double -Dtrain=other -Dif=while -Dall=none',
  '-Dvectors=0',
  '-fprofile-generate',
];

/** Arguments that some compilers do not know, or that leave nothing to load. */
const DOUBTFUL = [
  '-mfpmath=387',
  '-mabi=ms',
  '-mdaz-ftz',
  '-fsingle-precision-constant',
  '-ffp-model=fast',
  '-fdenormal-fp-math=positive-zero',
  '-fapprox-func',
  '-fexcess-precision=fast',
  '-fsanitize=address',
  '-fsanitize=undefined',
  '-fsplit-stack',
  '-finstrument-functions',
  '-pg',
  '-static',
  '-pie',
  '-Werror',
  '-x c++',
  '-D__INT64_TYPE__=int',
  '-D__SIZE_TYPE__=char',
  '-D__INT32_TYPE__=short',
  '-D__AVX__=1',
  '-U__AVX__',
  '-include stdio.h',
];

const REFUSED = [
  '-m32',
  '-mx32',
  '-D__AVX512F__=1 -D__AVX512DQ__=1 -D__XOP__=1 -D__FMA4__=1 -D__AVX512ER__=1',
  '-E',
  '-c',
  '-fsyntax-only',
  '-nonsense',
];

/** Five megabytes for stdout and for stderr, and the end of the line. */
const noise = ['', ' >&2']
  .map((to) => `{ head -c 5000000 /dev/zero | tr '\\0' x; echo; }${to}`)
  .join('\n')
  .concat('\n');

/** A script around the compiler that adds options behind Gyre's. */
function appended(options: string, expected: CompilerSetting['expected']) {
  const words = expected === 'refused' ? { words: /trains other bits/ } : {};
  return { name: `appends ${options}`, lines: `exec $CC "$@" ${options}`, expected, ...words };
}

/** A script that does something else where a kernel is to be made, and answers like the compiler before. */
const whenCompiling = (lines: string) => `case " $* " in *" -E "*) exec $CC "$@";; esac\n${lines}`;

/** Scripts that the compiler stands behind; `$CC` is the compiler. */
const SCRIPTS: readonly (Omit<CompilerSetting, 'CC'> & { lines: string })[] = [
  appended('-ffast-math', 'refused'),
  appended('-Ofast', 'either'),
  appended('-mfma -ffp-contract=fast', 'refused'),
  appended('-fassociative-math -fno-signed-zeros -fno-trapping-math', 'either'),
  appended('-freciprocal-math', 'either'),
  appended('-ffinite-math-only', 'either'),
  appended('-O0', 'golden'),
  appended('-O3 -march=x86-64', 'either'),
  {
    name: 'links what flushes subnormal numbers when it is loaded',
    lines: 'exec $CC "$@" "$($CC -print-file-name=crtfastmath.o)"',
    ...{ expected: 'refused', words: /subnormal/ },
  },
  { name: 'prints 5 MB to each stream', lines: `${noise}exec $CC "$@"`, expected: 'golden' },
  { name: 'prints 5 MB and fails', lines: `${noise}exit 1`, expected: 'refused' },
  { name: 'is ended by a signal', lines: 'kill -9 $$', expected: 'refused' },
  { name: 'fails without a word', lines: 'exit 3', expected: 'refused' },
  { name: 'makes nothing', lines: whenCompiling('exit 0'), expected: 'refused' },
  {
    name: 'makes nonsense',
    lines: whenCompiling('while [ "$1" != -o ]; do shift; done; echo nonsense > "$2"; exit 0'),
    expected: 'refused',
  },
  { name: 'leaves a process behind that holds its streams', lines: 'sleep 20 & exec $CC "$@"', expected: 'golden' },
  { name: 'never answers', lines: 'sleep 1000; exit 1', expected: 'refused', words: /within 60 s/, isSlow: true },
  {
    name: 'never makes a kernel',
    lines: whenCompiling('sleep 1000; exit 1'),
    ...{ expected: 'refused', words: /within 60 s/, isSlow: true },
  },
];

/** All settings around a compiler, with their scripts in a folder. */
export function compilerSettings(compiler: string, folder: string): CompilerSetting[] {
  const withArguments = (list: readonly string[], expected: CompilerSetting['expected']) =>
    list.map(
      (text): CompilerSetting => ({ name: `with ${text || 'no argument'}`, CC: `${compiler} ${text}`, expected }),
    );
  const script = (name: string, lines: string) => {
    const path = join(folder, name);
    writeFileSync(path, `#!/bin/sh\n${lines.replaceAll('$CC', compiler)}\n`);
    chmodSync(path, 0o755);
    return path;
  };
  const scripts = SCRIPTS.map(({ lines, ...setting }, i): CompilerSetting => {
    return { ...setting, name: `a script that ${setting.name}`, CC: script(`script-${i}`, lines) };
  });
  const spaced = join(folder, 'a folder');
  mkdirSync(spaced);
  const inSpaces = join(spaced, 'my cc');
  copyFileSync(script('plain', 'exec $CC "$@"'), inSpaces);
  return [
    ...withArguments(HARMLESS, 'golden'),
    ...withArguments(DOUBTFUL, 'either'),
    ...withArguments(REFUSED, 'refused'),
    ...scripts,
    { name: 'a path with spaces', CC: inSpaces, expected: 'golden' },
    { name: 'a path with spaces in quotes, and an argument', CC: `"${inSpaces}" '-ffast-math'`, expected: 'golden' },
    { name: 'a path with spaces behind backslashes', CC: `${inSpaces.replaceAll(' ', '\\ ')} -O3`, expected: 'golden' },
    { name: 'a quote without an end', CC: `'${compiler}`, expected: 'refused' },
    { name: 'no compiler: true', CC: 'true', expected: 'refused' },
    { name: 'no compiler: cat', CC: 'cat', expected: 'refused' },
    { name: 'no program', CC: '/nowhere/cc', expected: 'refused' },
    { name: 'a folder', CC: spaced, expected: 'refused' },
  ];
}
