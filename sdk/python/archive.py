"""Packs the standard library: archive.py LIB OWN OBJECTS ARCHIVE

LIB is CPython's Lib, OWN the folder of our own modules (they replace those of the same name), OBJECTS
the folder where the module was built. In ARCHIVE, a zip file, python3.X/ is the standard library,
compiled and as source (for tracebacks), and first/ what precedes PYTHONPATH.

The same input gives the same archive, byte for byte.
"""

import importlib.util
import marshal
import pathlib
import sys
import zipfile

LIBRARY = f"python{sys.version_info.major}.{sys.version_info.minor}"
ARCHIVE_PATH = "/usr/lib/timecraft-python.zip"  # where the guest sees it (main.c)

# Not in the archive: what needs modules that the interpreter has not, tests, and tools for
# developing on the machine itself.
LEFT_OUT = set("""
    __phello__ curses ctypes dbm ensurepip idlelib lib2to3 msilib pydoc_data sqlite3 test tests
    tkinter turtle.py turtledemo venv
""".split())
FIRST = {"certifi"}


def sources(folder):
    """The .py files below a folder, by their path in it."""
    found = {}
    for path in sorted(folder.rglob("*.py")):
        relative = path.relative_to(folder)
        if not LEFT_OUT.intersection(relative.parts):
            found[relative.as_posix()] = path.read_bytes()
    return found


def system_configuration(objects):
    """The module that sysconfig reads, which is made when the interpreter is built. Debian 12's
    sysconfig looks for it by a name without the system's."""
    folder = objects / (objects / "pybuilddir.txt").read_text().strip()
    return {name: path.read_bytes() for path in folder.glob("_sysconfigdata_*.py")
            for name in (path.name, path.name.replace("__wasi_", "__"))}


def compiled(name, source):
    """A .pyc that is never compared with its source (PEP 552)."""
    code = compile(source, f"{ARCHIVE_PATH}/{name}", "exec", dont_inherit=True)
    flags = 0b01.to_bytes(4, "little")
    header = importlib.util.MAGIC_NUMBER + flags + importlib.util.source_hash(source)
    return header + marshal.dumps(code)


def write(archive, name, data):
    entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, data, compresslevel=9)


def main(lib, own, objects, path):
    library = sources(pathlib.Path(lib)) | system_configuration(pathlib.Path(objects))
    first = {}
    for name, source in sources(pathlib.Path(own)).items():
        (first if name.partition("/")[0] in FIRST else library)[name] = source
    with zipfile.ZipFile(path, "w") as archive:
        for folder, modules in ((LIBRARY, library), ("first", first)):
            for name, source in modules.items():
                name = f"{folder}/{name}"
                write(archive, name, source)
                write(archive, name + "c", compiled(name, source))


main(*sys.argv[1:])
