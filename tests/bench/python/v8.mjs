// Runs python.wasm in V8 by node's own WASI: v8.mjs PYTHON.WASM LIBRARY-FOLDER FOLDER ARGUMENT...
//
// LIBRARY-FOLDER is /usr/lib to the guest, and holds timecraft-python.zip, the standard library. The
// module's sockets, which node does not have, refuse.
import { readFile } from "node:fs/promises";
import { WASI } from "node:wasi";

const [file, library, folder, ...args] = process.argv.slice(2);
const wasi = new WASI({
  version: "preview1",
  args: ["python", ...args],
  preopens: { "/usr/lib": library, [folder]: folder },
});
const module = await WebAssembly.compile(await readFile(file));
const imports = { ...wasi.wasiImport };
const ENOSYS = 52;
for (const { name } of WebAssembly.Module.imports(module))
  imports[name] ??= () => ENOSYS;
const instance = await WebAssembly.instantiate(module, { wasi_snapshot_preview1: imports });
process.exitCode = wasi.start(instance);
