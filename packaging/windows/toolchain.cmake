# Cross-compiling for 64-bit Windows with Debian's mingw-w64 (the posix one: it has C11 threads' foundations and clock_gettime).
# Libraries come from scripts/windows-deps' prefix only, never from the Linux we build on.
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(host x86_64-w64-mingw32)
set(CMAKE_C_COMPILER ${host}-gcc-posix)
set(CMAKE_RC_COMPILER ${host}-windres)
set(MESSAGE_COMPILER ${host}-windmc)
get_filename_component(MINGW_DEPS "${CMAKE_CURRENT_LIST_DIR}/../../build/mingw-deps" ABSOLUTE)
set(CMAKE_FIND_ROOT_PATH /usr/${host} ${MINGW_DEPS})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
foreach(kind LIBRARY INCLUDE PACKAGE)
  set(CMAKE_FIND_ROOT_PATH_MODE_${kind} ONLY)
endforeach()
