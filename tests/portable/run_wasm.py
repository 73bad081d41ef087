#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs a WebAssembly program (WASI) on wasmtime; its output is the program's. Usage: run_wasm.py PROGRAM.wasm"""
import sys

import wasmtime

engine = wasmtime.Engine()
linker = wasmtime.Linker(engine)
linker.define_wasi()
store = wasmtime.Store(engine)
options = wasmtime.WasiConfig()
options.argv = sys.argv[1:]
options.inherit_stdout()
options.inherit_stderr()
store.set_wasi(options)
program = linker.instantiate(store, wasmtime.Module.from_file(engine, sys.argv[1]))
try:
    program.exports(store)["_start"](store)
except wasmtime.ExitTrap as end:
    sys.exit(end.code)
