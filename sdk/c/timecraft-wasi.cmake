# CMake toolchain file for guests in C: cmake -DCMAKE_TOOLCHAIN_FILE=…/timecraft-wasi.cmake
# TIMECRAFT_CLANG (a variable of CMake or of the environment) chooses the compiler; with
# -DTIMECRAFT_SIMD=ON the guest has vector instructions, which other engines may not have.

list(APPEND CMAKE_MODULE_PATH "${CMAKE_CURRENT_LIST_DIR}/cmake") # Platform/WASI.cmake
set(CMAKE_SYSTEM_NAME WASI)
set(CMAKE_SYSTEM_PROCESSOR wasm32)
set(CMAKE_EXECUTABLE_SUFFIX_C .wasm)
set(CMAKE_EXECUTABLE_SUFFIX_CXX .wasm)
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES TIMECRAFT_CLANG TIMECRAFT_SIMD)

get_filename_component(_timecraft_config
    "${CMAKE_CURRENT_LIST_DIR}/../../../../bin/timecraft-config" ABSOLUTE)
if(DEFINED TIMECRAFT_CLANG)
    set(ENV{TIMECRAFT_CLANG} "${TIMECRAFT_CLANG}")
endif()

function(_timecraft_ask what variable)
    execute_process(COMMAND "${_timecraft_config}" ${what}
        OUTPUT_VARIABLE answer ERROR_VARIABLE message RESULT_VARIABLE result
        OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_STRIP_TRAILING_WHITESPACE)
    if(NOT result EQUAL 0)
        message(FATAL_ERROR "${message}")
    endif()
    set(${variable} "${answer}" PARENT_SCOPE)
endfunction()

if(NOT CMAKE_C_COMPILER)
    _timecraft_ask(--cc CMAKE_C_COMPILER)
    if(NOT CMAKE_CXX_COMPILER)
        string(REGEX REPLACE "clang([^/]*)$" "clang++\\1" CMAKE_CXX_COMPILER "${CMAKE_C_COMPILER}")
    endif()
endif()
set(CMAKE_C_COMPILER_TARGET wasm32-wasi)
set(CMAKE_CXX_COMPILER_TARGET wasm32-wasi)

# The archiver has to be LLVM's: others write no index for WebAssembly objects.
if(NOT CMAKE_AR)
    execute_process(COMMAND "${CMAKE_C_COMPILER}" -print-prog-name=llvm-ar
        OUTPUT_VARIABLE _timecraft_ar OUTPUT_STRIP_TRAILING_WHITESPACE)
    find_program(CMAKE_AR NAMES "${_timecraft_ar}" llvm-ar)
endif()
set(CMAKE_RANLIB "" CACHE FILEPATH "not needed: llvm-ar writes the index")

# The flags are for this compiler, whoever chose it.
if(NOT DEFINED ENV{TIMECRAFT_CLANG})
    set(ENV{TIMECRAFT_CLANG} "${CMAKE_C_COMPILER}")
endif()

# Not as the first CMAKE_C_FLAGS and CMAKE_EXE_LINKER_FLAGS: a project's user who sets those would lose
# the SDK. CMake leaves out what stands twice among options.
set(_timecraft_simd)
if(TIMECRAFT_SIMD)
    set(_timecraft_simd --simd)
endif()
_timecraft_ask("--cflags;${_timecraft_simd}" _timecraft_cflags)
_timecraft_ask("--libs;${_timecraft_simd}" _timecraft_libs)
add_compile_options("SHELL:${_timecraft_cflags}")
add_link_options("SHELL:${_timecraft_libs}")

set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
