#pragma once
#include <linux/compiler.h>
#include <linux/types.h>
#include <linux/stat.h>
#include <linux/kstrtox.h>

/*: 2 What modinfo shows */
#define MODULE_INFO(tag, info) \
	static const char __UNIQUE_ID(tag)[] __used __section(".modinfo") __aligned(1) = #tag "=" info
#define MODULE_PARM_DESC(name, text) \
	static const char __UNIQUE_ID(name)[] __used __section(".modinfo") __aligned(1) = "parm=" #name ":" text

/* The kinds: the kernel's kcore::module::parameter has the same numbers. */
enum { __PARAM_byte, __PARAM_short, __PARAM_ushort, __PARAM_int, __PARAM_uint, __PARAM_long, __PARAM_ulong,
	__PARAM_bool, __PARAM_charp, __PARAM_string, __PARAM_called };
#define __PARAM_hexint __PARAM_uint
#define __PARAM_ullong __PARAM_ulong
typedef unsigned char __param_byte;
typedef short __param_short;
typedef unsigned short __param_ushort;
typedef int __param_int;
typedef unsigned int __param_uint, __param_hexint;
typedef long __param_long;
typedef unsigned long __param_ulong;
typedef unsigned long long __param_ullong;
typedef bool __param_bool;
typedef char *__param_charp;

struct kernel_param {
	const char *name;
	void *arg;
	unsigned int *count;
	u32 kind, size, most, perm;
};

#define __MODULE_PARAM(name, at, count, kind, size, most, perm) \
	static const struct kernel_param __PASTE(__param_, name) __used __section("__param") __aligned(8) = \
		{ #name, (void *)(at), count, kind, size, most, perm }

/*: 2 A parameter of the module: insmod FILE.ko name=value. int, uint, long, ulong, short, ushort, byte, bool, charp */
#define module_param(name, type, perm) module_param_named(name, name, type, perm)
#define module_param_named(name, variable, type, perm) \
	static inline __maybe_unused __param_##type *__PASTE(__check_, name)(void) { return &(variable); } \
	__MODULE_PARAM(name, &(variable), NULL, __PARAM_##type, sizeof(variable), 0, perm)

/*: 2 The same for the values of an array, parted by commas; how many there were goes to count, unless it is NULL */
#define module_param_array(name, type, count, perm) module_param_array_named(name, name, type, count, perm)
#define module_param_array_named(name, array, type, count, perm) \
	static inline __maybe_unused __param_##type *__PASTE(__check_, name)(void) { return &(array)[0]; } \
	__MODULE_PARAM(name, (array), (void *)(count), __PARAM_##type, sizeof((array)[0]), \
		sizeof(array) / sizeof((array)[0]), perm)

/*: 2 The same for text that is copied into an array of len characters */
#define module_param_string(name, text, len, perm) \
	__MODULE_PARAM(name, (text), NULL, __PARAM_string, len, 0, perm)

/*: 2 A parameter that a function sets: insmod calls it before the init; get shows it in sysfs, which has no parameters here */
struct kernel_param_ops {
	unsigned int flags;
	int (*set)(const char *value, const struct kernel_param *param);
	int (*get)(char *buffer, const struct kernel_param *param);
	void (*free)(void *arg);
};
#define module_param_cb(name, ops, arg, perm) \
	static const struct kernel_param __PASTE(__its_, name) = { #name, (void *)(arg), NULL, 0, 0, 0, perm }; \
	__MODULE_PARAM(name, &__PASTE(__its_, name), (void *)(ops), __PARAM_called, sizeof(struct kernel_param), 0, perm)

/*: 2 What such a function calls for a number; also of uint, long, ulong */
__printf(2, 3) int sprintf(char *buf, const char *fmt, ...);
#define __PARAM_NUMBER(kind, type, read, form) \
static inline int param_set_##kind(const char *value, const struct kernel_param *param) \
{ \
	return read(value, 0, (type *)param->arg); \
} \
static inline int param_get_##kind(char *buffer, const struct kernel_param *param) \
{ \
	return sprintf(buffer, form "\n", *(type *)param->arg); \
}
__PARAM_NUMBER(int, int, kstrtoint, "%d")
__PARAM_NUMBER(uint, unsigned int, kstrtouint, "%u")
__PARAM_NUMBER(long, long, kstrtol, "%ld")
__PARAM_NUMBER(ulong, unsigned long, kstrtoul, "%lu")
