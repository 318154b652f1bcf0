"""The part of the official WebAssembly test suite that takes seconds; `spec` runs all of it."""

import importlib.machinery
import importlib.util
import os
import pathlib
import time
import unittest

import spec_build
import spec_suite
import support

# Arithmetic, control, calls and traps, references, bulk memory, vectors, exceptions, tail calls.
QUICK = ["wasm-latest/" + name for name in (
    "i32.wast", "f32.wast", "f64_cmp.wast", "conversions.wast", "float_misc.wast", "br_table.wast",
    "call_indirect.wast", "left-to-right.wast", "traps.wast", "table_grow.wast", "imports.wast",
    "skip-stack-guard-page.wast", "utf8-import-field.wast", "return_call.wast", "global.wast")] + [
        "wasm-v2/ref_is_null.wast", "wasm-v2/memory_fill.wast", "proposals/exceptions/try_table.wast",
        "proposals/simd/simd_lane.wast", "proposals/threads/atomic.wast",
        "proposals/custom-descriptors/struct_new_desc.wast"]
# Where memory is, and what the optimiser makes of it.
OPTIMISED = ["wasm-latest/address.wast", "wasm-latest/memory_trap.wast", "wasm-latest/float_exprs.wast",
             "wasm-latest/memory_grow.wast", "proposals/simd/simd_f32x4_pmin_pmax.wast",
             "proposals/multi-memory/memory_copy1.wast"]
PLACE = pathlib.Path(support.KEPT_FOLDER, "spec-suite")


def script():
    """The module that `spec` is."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "spec")
    loader = importlib.machinery.SourceFileLoader("spec", path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("spec", loader))
    loader.exec_module(module)
    return module


class Suite(unittest.TestCase):
    maxDiff = None

    def fetch(self):
        try:
            return spec_suite.fetch(PLACE)
        except spec_suite.NotToBeHad as error:
            self.skipTest(str(error))

    def run_scripts(self, build, names):
        suite, tools = self.fetch()
        cc, _, level = build.partition("-O")
        builder = spec_build.Builder(support.PREFIX, PLACE / build, cc, level)
        found = spec_suite.run(builder, suite, tools, names)
        outcomes = [one for script in found.values() for one in script]
        reason_of = script().reason_of
        passed = [one for one in outcomes if one.verdict == spec_suite.PASSED]
        failed = [one for one in outcomes if one.verdict != spec_suite.PASSED and not reason_of(one)]
        self.assertFalse(failed[:5], f"{len(failed)} without a reason")
        self.assertGreater(len(passed), len(names) * 20, "so few assertions were made")
        print(f"{build}: {len(passed)} passed of {len(outcomes)}")

    def test_quick_build(self):
        self.run_scripts("tcc-O0", QUICK)

    def test_optimised_build(self):
        self.run_scripts("gcc-O2", OPTIMISED)

    def test_a_run_goes_on_where_one_was_stopped(self):
        suite, tools = self.fetch()
        known, first, second = PLACE / "known", "wasm-latest/fac.wast", "wasm-latest/forward.wast"
        known.unlink(missing_ok=True)
        build = lambda ends: spec_build.Builder(support.PREFIX, PLACE / "tcc-O0", "tcc", 0, known, ends)
        before = spec_suite.run(build(None), suite, tools, [first])
        with open(known, "a") as file:
            file.write('["a line that was not finish')
        stopped = build(time.monotonic())
        self.assertEqual(spec_suite.run(stopped, suite, tools, [first, second]), before)
        self.assertEqual(stopped.learnt, 0)
        goes_on = build(None)
        after = spec_suite.run(goes_on, suite, tools, [first, second])
        self.assertEqual((after[first], len(after)), (before[first], 2))
        self.assertEqual(goes_on.known, stopped.known)
        self.assertGreater(goes_on.learnt, 0)


if __name__ == "__main__":
    if support.SANITIZED:
        support.skip("what this compiles is the modules' code, which the other tree has too")
    support.main()
