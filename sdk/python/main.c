/* The main function of python.wasm: CPython's, with the files of this distribution.
 *
 * Everything that is not the user's stands in the program's own file (see rt/guest/payload.h), a
 * zip archive to which the host gives a name:
 *
 *     PYTHON_ARCHIVE      the interpreter: python3.X/ is the standard library
 *     PROGRAM_ARCHIVE     a program made by `timecraft-python bundle`: besides, app/ is the program
 *                         and packages/ what it needs; every argument is the program's
 *
 * first/ holds what stands for packages that users bring along but the host does (certifi), so it
 * precedes PYTHONPATH.
 */
#include <Python.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LIBRARY         "python" Py_STRINGIFY(PY_MAJOR_VERSION) "." Py_STRINGIFY(PY_MINOR_VERSION)
#define PYTHON_ARCHIVE  "/usr/lib/timecraft-python.zip"
#define PROGRAM_ARCHIVE "/usr/lib/timecraft-program.zip"

/* ---- the module _zip_directory ---- */

/* zipimport asks it for the directory of an archive (patches/zipimport-directory.patch): its
 * own loop over the 1,000 entries of the standard library is half of the time that Python takes to
 * start.
 */

/* A central directory header (APPNOTE.TXT of PKWARE, 4.3.12). */
enum { ENTRY_SIZE = 46, ENTRY_SIGNATURE = 0x02014b50, ENTRY_IS_UTF_8 = 0x800 };
#define IN_EXTRA 0xfffffffful /* a size that stands in the extra field, with 64 bits (4.4.8) */

static unsigned long little_endian(const unsigned char *at, size_t size) {
    unsigned long value = 0;
    while (size-- > 0)
        value = value << 8 | at[size];
    return value;
}

/* Adds (path, compress, data_size, file_size, file_offset, time, date, crc) by the file's name. */
static bool add_file(PyObject *files, PyObject *folder, unsigned long long start,
                     const unsigned char *entry, const char *text, Py_ssize_t length) {
    PyObject *name = little_endian(entry + 8, 2) & ENTRY_IS_UTF_8
                         ? PyUnicode_DecodeUTF8(text, length, NULL)
                         : PyUnicode_DecodeASCII(text, length, NULL);
    PyObject *path = name ? PyUnicode_Concat(folder, name) : NULL;
    PyObject *file = NULL;
    if (path)
        file = Py_BuildValue("(OkkkKkkk)", path, little_endian(entry + 10, 2),
                             little_endian(entry + 20, 4), little_endian(entry + 24, 4),
                             start + little_endian(entry + 42, 4), little_endian(entry + 12, 2),
                             little_endian(entry + 14, 2), little_endian(entry + 16, 4));
    bool added = file && PyDict_SetItem(files, name, file) == 0;
    Py_XDECREF(file);
    Py_XDECREF(path);
    Py_XDECREF(name);
    return added;
}

/* The size of an entry that is like those of most archives; 0: one that zipimport has to judge. */
static size_t plain_size(const unsigned char *entry, size_t left, unsigned long long last_offset) {
    if (left < ENTRY_SIZE || little_endian(entry, 4) != ENTRY_SIGNATURE ||
        little_endian(entry + 20, 4) == IN_EXTRA || little_endian(entry + 24, 4) == IN_EXTRA ||
        little_endian(entry + 42, 4) > last_offset)
        return 0;
    size_t name = little_endian(entry + 28, 2);
    size_t size = ENTRY_SIZE + name + little_endian(entry + 30, 2) + little_endian(entry + 32, 2);
    bool is_file = name > 0 && size <= left && entry[ENTRY_SIZE + name - 1] != '/';
    return is_file ? size : 0;
}

/* read(directory, folder, start, last_offset): the files of a directory as zipimport has them, or
 * None if there is anything unusual in it. Their paths begin with `folder`, and their offsets, at
 * most `last_offset`, count from `start`. */
static PyObject *read_directory(PyObject *module, PyObject *arguments) {
    (void)module;
    Py_buffer directory;
    PyObject *folder;
    unsigned long long start, last_offset;
    if (!PyArg_ParseTuple(arguments, "y*UKK", &directory, &folder, &start, &last_offset))
        return NULL;
    PyObject *files = PyDict_New();
    const unsigned char *entry = directory.buf;
    size_t left = (size_t)directory.len;
    bool is_plain = true;
    while (files && is_plain && left > 0) {
        size_t size = plain_size(entry, left, last_offset);
        is_plain =
            size > 0 && add_file(files, folder, start, entry, (const char *)entry + ENTRY_SIZE,
                                 (Py_ssize_t)little_endian(entry + 28, 2));
        entry += size;
        left -= size;
    }
    PyBuffer_Release(&directory);
    if (is_plain)
        return files;
    PyErr_Clear(); /* zipimport finds the same, and says it better */
    Py_DECREF(files);
    Py_RETURN_NONE;
}

static PyMethodDef zip_directory_functions[] = {{"read", read_directory, METH_VARARGS, NULL},
                                                {NULL, NULL, 0, NULL}};

static PyModuleDef zip_directory = {.m_base = PyModuleDef_HEAD_INIT,
                                    .m_name = "_zip_directory",
                                    .m_size = 0,
                                    .m_methods = zip_directory_functions};

static PyObject *make_zip_directory(void) {
    return PyModule_Create(&zip_directory);
}

/* ---- the configuration ---- */

static bool exists(const char *path) {
    struct stat status;
    return stat(path, &status) == 0;
}

static void check(PyStatus status) {
    if (PyStatus_Exception(status))
        Py_ExitStatusException(status);
}

/* Appends a path to sys.path. */
static void add_path(PyConfig *config, const char *path, size_t length) {
    char *text = strndup(path, length);
    wchar_t *wide = text ? Py_DecodeLocale(text, NULL) : NULL;
    check(wide ? PyWideStringList_Append(&config->module_search_paths, wide) : PyStatus_NoMemory());
    PyMem_RawFree(wide);
    free(text);
}

static void add_member(PyConfig *config, const char *archive, const char *member) {
    char path[100];
    add_path(config, path, (size_t)snprintf(path, sizeof path, "%s/%s", archive, member));
}

/* "a:b::c" */
static void add_python_path(PyConfig *config, const char *paths) {
    while (paths && *paths) {
        size_t length = strcspn(paths, ":");
        if (length > 0)
            add_path(config, paths, length);
        paths += length + (paths[length] == ':');
    }
}

/* The user's interpreter: options, environment and script as with any python. */
static void configure_interpreter(PyConfig *config, int argc, char **argv) {
    check(PyConfig_SetBytesArgv(config, argc, argv));
    /* Reading it now settles whether the environment counts (-E, -I); paths are then replaced. */
    check(PyConfig_Read(config));
    /* Folders are read-only as a rule; with a place of its own for it, bytecode is kept. */
    if (!config->pycache_prefix)
        config->write_bytecode = 0;
    add_member(config, PYTHON_ARCHIVE, "first");
    if (config->use_environment)
        add_python_path(config, getenv("PYTHONPATH"));
    add_member(config, PYTHON_ARCHIVE, LIBRARY);
}

/* One program: app/__main__ with all arguments, and nothing from the environment. */
static void configure_program(PyConfig *config, int argc, char **argv) {
    config->parse_argv = 0;
    config->use_environment = 0;
    config->user_site_directory = 0;
    config->write_bytecode = 0;
    check(PyConfig_SetBytesArgv(config, argc, argv));
    check(PyConfig_SetBytesString(config, &config->run_filename, PROGRAM_ARCHIVE "/app"));
    check(PyConfig_Read(config));
    add_member(config, PROGRAM_ARCHIVE, "first");
    add_member(config, PROGRAM_ARCHIVE, "packages");
    add_member(config, PROGRAM_ARCHIVE, LIBRARY);
}

int main(int argc, char **argv) {
    PyImport_AppendInittab("_zip_directory", make_zip_directory);
    bool is_program = exists(PROGRAM_ARCHIVE);
    PyPreConfig preconfig;
    PyPreConfig_InitPythonConfig(&preconfig);
    preconfig.utf8_mode = 1; /* there are no locales */
    if (is_program) {
        preconfig.parse_argv = 0;
        preconfig.use_environment = 0;
    }
    check(Py_PreInitializeFromBytesArgs(&preconfig, argc, argv));

    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    config.pathconfig_warnings = 0;
    check(PyConfig_SetBytesString(&config, &config.home, "/usr"));
    if (is_program)
        configure_program(&config, argc, argv);
    else
        configure_interpreter(&config, argc, argv);
    config.module_search_paths_set = 1;
    check(Py_InitializeFromConfig(&config));
    PyConfig_Clear(&config);
    return Py_RunMain();
}
