# SPDX-License-Identifier: Apache-2.0
# Stands in for Zephyr's build system on the host: the functions that a module and an application
# call, with the meaning of Zephyr's documentation. CONFIG_FILE has the values of the Kconfig.
project(zephyr_stand_in LANGUAGES C)
include(${CONFIG_FILE})

add_library(zephyr_interface INTERFACE)
add_executable(app)
target_link_libraries(app PRIVATE zephyr_interface)

macro(zephyr_library)
  file(RELATIVE_PATH ZEPHYR_CURRENT_LIBRARY ${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  string(REGEX REPLACE "[^A-Za-z0-9]" "_" ZEPHYR_CURRENT_LIBRARY "lib_${ZEPHYR_CURRENT_LIBRARY}")
  add_library(${ZEPHYR_CURRENT_LIBRARY} STATIC)
  target_link_libraries(${ZEPHYR_CURRENT_LIBRARY} PRIVATE zephyr_interface)
  target_link_libraries(app PRIVATE ${ZEPHYR_CURRENT_LIBRARY})
endmacro()

function(zephyr_library_sources)
  target_sources(${ZEPHYR_CURRENT_LIBRARY} PRIVATE ${ARGN})
endfunction()

function(zephyr_include_directories)
  target_include_directories(zephyr_interface INTERFACE ${ARGN})
endfunction()

foreach(module IN LISTS ZEPHYR_EXTRA_MODULES)
  file(STRINGS ${module}/zephyr/module.yml line REGEX "^  cmake: ")
  string(REPLACE "  cmake: " "" folder "${line}")
  file(STRINGS ${module}/zephyr/module.yml line REGEX "^name: ")
  string(REPLACE "name: " "" name "${line}")
  add_subdirectory(${module}/${folder} modules/${name})
endforeach()
