"""Makes one executable of a program: python -m timecraft_bundle OUTPUT GRANTS PROGRAM PACKAGES...

Run by timecraft-python, which parses the command line and grants the folders. The interpreter's own
file, with the standard library in the zip archive at its end, is copied, and the program and its
packages are added to the archive. The archive's comment holds the words for the runtime
(rt/guest/payload.h).
"""

import importlib.util
import marshal
import modulefinder
import os
import shutil
import struct
import sys
import zipfile

INTERPRETER = "/usr/lib/timecraft-python.zip"  # names of main.c
PROGRAM = "/usr/lib/timecraft-program.zip"
MARK = b"tcwords\n"
LEFT_OUT = {"__pycache__", ".git"}


def files_below(folder):
    """Paths of all files below a folder, relative to it."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in LEFT_OUT)
        for name in sorted(names):
            yield os.path.relpath(os.path.join(place, name), folder)


def imported_beside(script):
    """Names of the modules and packages in the script's folder that it imports, directly or not."""
    folder = os.path.dirname(script)
    finder = modulefinder.ModuleFinder(path=[folder])
    finder.run_script(script)
    return sorted({name.partition(".")[0] for name in finder.modules if name != "__main__"})


def program_files(program):
    """Pairs (name in the program, path)."""
    if os.path.isdir(program):
        if not os.path.exists(os.path.join(program, "__main__.py")):
            sys.exit(f"timecraft-python: {program} has no __main__.py, so nothing would run")
        return [(name, os.path.join(program, name)) for name in files_below(program)]
    files = [("__main__.py", program)]
    folder = os.path.dirname(program)
    for name in imported_beside(program):
        path = os.path.join(folder, name)
        if os.path.isdir(path):
            files += [(f"{name}/{file}", os.path.join(path, file)) for file in files_below(path)]
        elif os.path.exists(path + ".py"):
            files.append((name + ".py", path + ".py"))
    return files


def compiled(source, path):
    """A .pyc that is never compared with its source (PEP 552); None for what does not compile, as
    some packages have for other versions of Python."""
    try:
        code = compile(source, path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return None
    flags = 0b01.to_bytes(4, "little")
    header = importlib.util.MAGIC_NUMBER + flags + importlib.util.source_hash(source)
    return header + marshal.dumps(code)


def add(archive, folder, files):
    for name, path in files:
        with open(path, "rb") as file:
            data = file.read()
        name = f"{folder}/{name}"
        archive.writestr(name, data, zipfile.ZIP_DEFLATED)
        code = compiled(data, f"{PROGRAM}/{name}") if name.endswith(".py") else None
        if code:
            archive.writestr(name + "c", code, zipfile.ZIP_DEFLATED)


def main(output, grants, program, *packages):
    if not os.path.isdir(program):
        with open(program, "rb") as file:
            compile(file.read(), program, "exec")  # a mistake is told now, not when it runs
    shutil.copyfile(INTERPRETER, output)
    words = f"--payload={PROGRAM}{grants}".encode()
    with zipfile.ZipFile(output, "a") as archive:
        add(archive, "app", program_files(program))
        for folder in packages:
            add(archive, "packages", [(name, os.path.join(folder, name))
                                      for name in files_below(folder)])
        archive.comment = words + struct.pack("<I", len(words)) + MARK


if __name__ == "__main__":
    main(*sys.argv[1:])
