/*
 * assert.h - broken invariants stop the program, in every build.
 *
 * A failed ASSERT is a bug of ours: the process aborts, the service manager restarts it
 * and it rebuilds from the store and the broker.  Data from outside never reaches one:
 * what is odd out there is refused or recorded, see base/error.h.
 */
#ifndef BASE_ASSERT_H
#define BASE_ASSERT_H

#define ASSERT(condition) \
    ((condition) ? (void)0 : assert_failed(#condition, __FILE__, __LINE__))

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

_Noreturn void assert_failed(const char *condition, const char *file, int line);

#endif /* BASE_ASSERT_H */
