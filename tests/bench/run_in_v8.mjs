// Runs a WASI module in V8: node run_in_v8.mjs MODULE.wasm ARGUMENT...
import { readFileSync } from 'node:fs';
import { WASI } from 'node:wasi';

const [path, ...words] = process.argv.slice(2);
const wasi = new WASI({ version: 'preview1', args: [path, ...words], returnOnExit: false });
const module = new WebAssembly.Module(readFileSync(path));
wasi.start(new WebAssembly.Instance(module, wasi.getImportObject()));
