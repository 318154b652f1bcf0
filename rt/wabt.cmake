# Finds wasm2c and the runtime sources that belong to it (they must be of one version).
#
# TIMECRAFT_WASM2C, or the newer one of the system's and the one that compiler/setup.sh unpacked under
# the build tree (or under build/, for a second build tree), which is taken in any case if it was
# chosen by its release. Sets
#   TIMECRAFT_WASM2C_PATH     the program
#   TIMECRAFT_WASM2C_CONF     the same for toolchain.conf
#   TIMECRAFT_WABT_VERSION
#   TIMECRAFT_WABT_UNPACKED   true if it lies in this build tree and has to be installed along
#   TIMECRAFT_WASM_RT_DIR     folder of wasm-rt.h, wasm-rt-exceptions.h and wasm-rt-*impl*
#   TIMECRAFT_WAT2WASM        wat2wasm of the same WABT, for tests
set(TIMECRAFT_WABT_MINIMUM 1.0.36)

# Sets ${result} to the version that `program --version` prints, or to "" if it does not run.
function(timecraft_wabt_version program result)
  set(${result} "" PARENT_SCOPE)
  execute_process(COMMAND "${program}" --version OUTPUT_VARIABLE text ERROR_QUIET
                  RESULT_VARIABLE status)
  if(status EQUAL 0 AND text MATCHES "^([0-9]+\\.[0-9]+\\.[0-9]+)")
    set(${result} "${CMAKE_MATCH_1}" PARENT_SCOPE)
  endif()
endfunction()

# The unpacked one of build/ serves other build trees (build-asan/ …) too.
set(unpacked "${CMAKE_BINARY_DIR}/lib/timecraft/wabt")
set(first_unpacked "${CMAKE_SOURCE_DIR}/build/lib/timecraft/wabt")
if(NOT EXISTS "${unpacked}/bin/wasm2c" AND EXISTS "${first_unpacked}/bin/wasm2c")
  file(MAKE_DIRECTORY "${CMAKE_BINARY_DIR}/lib/timecraft")
  file(CREATE_LINK "${first_unpacked}" "${unpacked}" SYMBOLIC)
endif()

set(TIMECRAFT_WABT_UNPACKED FALSE)
if(TIMECRAFT_WASM2C)
  set(candidates "${TIMECRAFT_WASM2C}")
elseif(EXISTS "${unpacked}/chosen")
  set(candidates "${unpacked}/bin/wasm2c")
else()
  find_program(system_wasm2c wasm2c NO_CACHE)
  set(candidates ${system_wasm2c} "${unpacked}/bin/wasm2c")
endif()
set(TIMECRAFT_WASM2C_PATH "")
set(TIMECRAFT_WABT_VERSION 0)
foreach(candidate IN LISTS candidates)
  timecraft_wabt_version("${candidate}" version)
  if(version VERSION_GREATER_EQUAL TIMECRAFT_WABT_MINIMUM AND
     version VERSION_GREATER TIMECRAFT_WABT_VERSION)
    set(TIMECRAFT_WASM2C_PATH "${candidate}")
    set(TIMECRAFT_WABT_VERSION "${version}")
  endif()
endforeach()
if(NOT TIMECRAFT_WASM2C_PATH)
  list(JOIN candidates ", " looked_at)
  message(FATAL_ERROR
    "No wasm2c of WABT ${TIMECRAFT_WABT_MINIMUM} or newer was found; looked at: ${looked_at}.\n"
    "Run compiler/setup.sh build (it fetches one without touching the system's), or give one with "
    "-DTIMECRAFT_WASM2C=/path/to/wasm2c.")
endif()

set(TIMECRAFT_WASM2C_CONF "${TIMECRAFT_WASM2C_PATH}")
if(TIMECRAFT_WASM2C_PATH STREQUAL "${unpacked}/bin/wasm2c")
  set(TIMECRAFT_WABT_UNPACKED TRUE)
  set(TIMECRAFT_WASM2C_CONF "wabt/bin/wasm2c")
endif()

# Where packages, installations and source trees of WABT keep the sources.
get_filename_component(bin_dir "${TIMECRAFT_WASM2C_PATH}" DIRECTORY)
find_path(TIMECRAFT_WASM_RT_DIR NAMES wasm-rt-impl-tableops.inc NO_CACHE REQUIRED NO_DEFAULT_PATH
          PATHS "${bin_dir}/../usr/src/wasm2c" # unpacked package
                "${bin_dir}/../src/wasm2c"     # package
                "${bin_dir}/../share/wabt/wasm2c" "${bin_dir}/../wasm2c" "${bin_dir}/../../wasm2c"
          DOC "wasm-rt-impl.c and its companions of ${TIMECRAFT_WASM2C_PATH}")
find_program(TIMECRAFT_WAT2WASM wat2wasm NO_CACHE NO_DEFAULT_PATH HINTS "${bin_dir}")
message(STATUS "wasm2c ${TIMECRAFT_WABT_VERSION}: ${TIMECRAFT_WASM2C_PATH}, ${TIMECRAFT_WASM_RT_DIR}")
