/**
 * The part of the WebAssembly JavaScript interface that Gyre uses (W3C, "WebAssembly JavaScript Interface"). TypeScript
 * declares it only together with the whole browser, which a program for Node does not want in scope.
 */
declare namespace WebAssembly {
  /** Compiled code without state; may be posted to other threads. */
  class Module {
    constructor(bytes: Uint8Array);
  }
  /** Code bound to its imports. */
  class Instance {
    constructor(module: Module, imports: Record<string, Record<string, unknown>>);
    readonly exports: Readonly<Record<string, unknown>>;
  }
  /** Linear memory in pages of 64 KiB; may be posted to other threads where it is shared. */
  class Memory {
    constructor(size: { initial: number; maximum: number; shared: true });
    readonly buffer: SharedArrayBuffer;
  }
  /** Thrown for bytes that are no valid module. */
  class CompileError extends Error {}
}
