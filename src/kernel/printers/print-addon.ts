/**
 * Prints a kernel as an addon of Node: the C function of its program, and what calls it with the memory of a group. The
 * few functions of Node-API that it needs are declared here, since their headers do not come with Node; their ABI is
 * stable over versions (Node-API 1).
 */

import type { Program } from '../network/program.ts';
import { printC } from './print-c.ts';
import type { Addresses } from './print-wasm.ts';

/** Statuses are ints; 0 is success. Handles are pointers to what only Node knows. */
const GLUE = `
typedef void *handle;
extern int napi_get_cb_info(handle, handle, __SIZE_TYPE__ *, handle *, handle *, void **);
extern int napi_get_typedarray_info(handle, handle, int *, __SIZE_TYPE__ *, void **, handle *, __SIZE_TYPE__ *);
extern int napi_get_value_int64(handle, handle, __INT64_TYPE__ *);
extern int napi_create_function(handle, const char *, __SIZE_TYPE__, handle (*)(handle, handle), void *, handle *);
extern int napi_throw_error(handle, const char *, const char *);

static handle called(handle env, handle info) {
  __SIZE_TYPE__ count = 4, bytes;
  handle arguments[4];
  int type;
  void *memory;
  __INT64_TYPE__ subchunks, epochs, vectors;
  if (napi_get_cb_info(env, info, &count, arguments, 0, 0) || count != 4 ||
      napi_get_typedarray_info(env, arguments[0], &type, &bytes, &memory, 0, 0) ||
      napi_get_value_int64(env, arguments[1], &subchunks) || napi_get_value_int64(env, arguments[2], &epochs) ||
      napi_get_value_int64(env, arguments[3], &vectors))
    napi_throw_error(env, 0, "expected train(bytes, subchunks, epochs, vectors)");
  else
    train(memory, subchunks, epochs, vectors);
  return 0;
}

__attribute__((visibility("default"))) handle napi_register_module_v1(handle env, handle exports) {
  handle function;
  return napi_create_function(env, "train", 5, called, 0, &function) ? exports : function;
}
`;

/** Types that the text relies on; the first lines behind the names. */
const SIZES = [
  ['float', 4],
  ['double', 8],
  ['long', 8],
  ['__INT32_TYPE__', 4],
  ['__INT64_TYPE__', 8],
  ['__SIZE_TYPE__', 8],
  ['void *', 8],
].map(([type, bytes]) => `_Static_assert(sizeof(${type}) == ${bytes}, "${type} of ${bytes} bytes");\n`);

/**
 * Prints an addon that is a function `train(bytes, subchunks, epochs, vectors)`; `bytes` is a Uint8Array of the memory
 * from address 0 on.
 */
export function printAddon(
  program: Program,
  options: { sections: Addresses['sections']; vectorBytes: number },
): string {
  const text = `${SIZES.join('')}${printC(program, { name: 'train', ...options })}${GLUE}`;
  return `${withoutMacros(text)}${text}`;
}

/**
 * Lines that give each name of a text its own meaning, whatever macros the compiler was started with. What compilers
 * define stays.
 */
function withoutMacros(text: string): string {
  const names = new Set(text.match(/\b[A-Za-z_]\w*/g));
  const own = [...names].filter((name) => name !== 'defined' && !/^__[A-Z0-9_]+__$|^__x86_64__$/.test(name));
  return own.map((name) => `#undef ${name}\n`).join('');
}
