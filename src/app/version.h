/* version.h - of the programs; CMake's project() passes it. */
#ifndef APP_VERSION_H
#define APP_VERSION_H

#ifndef APP_VERSION
#define APP_VERSION "0.1.0"
#endif

#endif /* APP_VERSION_H */
