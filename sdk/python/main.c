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
