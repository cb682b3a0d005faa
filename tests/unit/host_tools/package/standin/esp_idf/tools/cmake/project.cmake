# SPDX-License-Identifier: Apache-2.0
# Stands in for ESP-IDF's build system on the host. As there, each component's CMakeLists.txt is read
# twice: by a script that looks for requirements, then in the build; and project() does all of it.
macro(project name)
  _project(${name} LANGUAGES C)
  foreach(component IN ITEMS ${EXTRA_COMPONENT_DIRS} ${CMAKE_SOURCE_DIR}/main)
    idf_stand_in_add(${component})
  endforeach()
  file(WRITE ${CMAKE_BINARY_DIR}/start.c
      "void app_main(void);\nint main(void) { app_main(); return 0; }\n")
  add_executable(${name} ${CMAKE_BINARY_DIR}/start.c)
  target_link_libraries(${name} PRIVATE main)
endmacro()

function(idf_stand_in_add folder)
  get_filename_component(folder ${folder} ABSOLUTE)
  get_filename_component(name ${folder} NAME)
  execute_process(
      COMMAND ${CMAKE_COMMAND} -DCOMPONENT_DIR=${folder} -P $ENV{IDF_PATH}/tools/cmake/requirements.cmake
      ERROR_VARIABLE told RESULT_VARIABLE failed)
  if(failed OR NOT told MATCHES "registered: .*\\.c")
    message(FATAL_ERROR "${folder}: not a component: ${told}")
  endif()
  add_subdirectory(${folder} esp-idf/${name})
endfunction()

function(idf_component_register)
  cmake_parse_arguments(_ "" "" "SRCS;INCLUDE_DIRS;PRIV_REQUIRES;REQUIRES" ${ARGN})
  if(__UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "idf_component_register: ${__UNPARSED_ARGUMENTS}")
  endif()
  get_filename_component(name ${CMAKE_CURRENT_SOURCE_DIR} NAME)
  add_library(${name} STATIC ${__SRCS})
  target_include_directories(${name} PUBLIC ${__INCLUDE_DIRS})
  # The component main requires every other one.
  if(name STREQUAL main)
    get_property(others GLOBAL PROPERTY STAND_IN_COMPONENTS)
    target_link_libraries(main PUBLIC ${others})
  endif()
  set_property(GLOBAL APPEND PROPERTY STAND_IN_COMPONENTS ${name})
endfunction()
