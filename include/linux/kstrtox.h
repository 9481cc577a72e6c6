#pragma once
#include <linux/types.h>
#include <linux/limits.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/uaccess.h>

/*: 11 The number that a text is, or an error; base 0 takes 0x and 0 as in C. Also kstrtol, kstrtoul, kstrtoint, kstrtouint, kstrtou16, kstrtou8 */
int kstrtoull(const char *s, unsigned int base, unsigned long long *res);
int kstrtoll(const char *s, unsigned int base, long long *res);
int kstrtobool(const char *s, bool *res);

#define __KSTRTO(name, type, wide, read, least, most) \
static inline int name(const char *s, unsigned int base, type *res) \
{ \
	wide value; \
	int error = read(s, base, &value); \
	if (error) return error; \
	if (value < (wide)(least) || value > (wide)(most)) return -ERANGE; \
	*res = (type)value; \
	return 0; \
}
__KSTRTO(kstrtoul, unsigned long, unsigned long long, kstrtoull, 0, ULONG_MAX)
__KSTRTO(kstrtol, long, long long, kstrtoll, LONG_MIN, LONG_MAX)
__KSTRTO(kstrtouint, unsigned int, unsigned long long, kstrtoull, 0, UINT_MAX)
__KSTRTO(kstrtoint, int, long long, kstrtoll, INT_MIN, INT_MAX)
__KSTRTO(kstrtou16, u16, unsigned long long, kstrtoull, 0, 0xffff)
__KSTRTO(kstrtou8, u8, unsigned long long, kstrtoull, 0, 0xff)
#define kstrtou32 kstrtouint
#define kstrtou64 kstrtoull

/*: 11 The same of a text of so many bytes in the process's memory */
#define __kstrto_from_user(read, s, count, base, res) ({ \
	char __text[66]; \
	size_t __count = min_t(size_t, count, sizeof(__text) - 1); \
	int __error = copy_from_user(__text, s, __count) ? -EFAULT : 0; \
	__text[__count] = 0; \
	__error ? __error : read(__text, base, res); })
#define kstrtoull_from_user(s, count, base, res) __kstrto_from_user(kstrtoull, s, count, base, res)
#define kstrtoll_from_user(s, count, base, res) __kstrto_from_user(kstrtoll, s, count, base, res)
#define kstrtoul_from_user(s, count, base, res) __kstrto_from_user(kstrtoul, s, count, base, res)
#define kstrtol_from_user(s, count, base, res) __kstrto_from_user(kstrtol, s, count, base, res)
#define kstrtouint_from_user(s, count, base, res) __kstrto_from_user(kstrtouint, s, count, base, res)
#define kstrtoint_from_user(s, count, base, res) __kstrto_from_user(kstrtoint, s, count, base, res)

/*: 11 The number at the start of a text; what is wrong with it is not said */
unsigned long simple_strtoul(const char *s, char **end, unsigned int base);
long simple_strtol(const char *s, char **end, unsigned int base);
