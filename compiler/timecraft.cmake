# timecraft_add_executable(NAME MODULE [OPTIONS OPTION...])
#
# Adds a target NAME, part of `all`, that turns the WebAssembly module MODULE into the program NAME.
# MODULE is a file (relative to the source directory, or made by this project in the binary
# directory) or the name of an executable target whose file is the module. OPTIONS are options of
# `timecraft build`: grants, -O0 to -O3, --static and so on. The program lies in
# CMAKE_RUNTIME_OUTPUT_DIRECTORY if that is set, else in bin/ of the current binary directory; the
# target's property TIMECRAFT_PROGRAM says where.
#
# Example:
#   timecraft_add_executable(fetch fetch.wasm OPTIONS --allow-net=example.com:443 --require-tls)
#   install(PROGRAMS $<TARGET_PROPERTY:fetch,TIMECRAFT_PROGRAM> DESTINATION bin)
function(timecraft_add_executable name module)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "OPTIONS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "timecraft_add_executable: unexpected ${arg_UNPARSED_ARGUMENTS}")
  endif()
  set(depends "")
  if(TARGET ${module})
    set(file "$<TARGET_FILE:${module}>")
    set(depends ${module})
  elseif(IS_ABSOLUTE "${module}")
    set(file "${module}")
  elseif(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${module}")
    set(file "${CMAKE_CURRENT_SOURCE_DIR}/${module}")
  else()
    set(file "${CMAKE_CURRENT_BINARY_DIR}/${module}")
  endif()
  # Not in a binary directory itself: there the target's own name stands for a file of that name,
  # which make and ninja would take for the program.
  set(directory "${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
  if(NOT directory OR directory STREQUAL CMAKE_BINARY_DIR)
    set(directory "${CMAKE_CURRENT_BINARY_DIR}/bin")
  endif()
  set(program "${directory}/${name}")

  # The program holds the runtime, so that it is old when the runtime is new.
  add_custom_command(OUTPUT "${program}"
    COMMAND "${CMAKE_COMMAND}" -E make_directory "${directory}"
    COMMAND timecraft::timecraft build ${arg_OPTIONS} -o "${program}" "${file}"
    DEPENDS "${file}" ${depends} timecraft::timecraft "${TIMECRAFT_LIBRARY}"
    COMMENT "Building ${name} from ${module}"
    VERBATIM)
  add_custom_target(${name} ALL DEPENDS "${program}")
  set_target_properties(${name} PROPERTIES TIMECRAFT_PROGRAM "${program}")
endfunction()
