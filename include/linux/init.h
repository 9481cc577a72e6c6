#pragma once
#include <linux/compiler.h>

/*: 2 Code and data that only loading, or only unloading, needs: kept all the time here */
#define __init
#define __exit
#define __initdata
#define __initconst
#define __exitdata
#define __devinit
#define __devexit

typedef int (*initcall_t)(void);
typedef void (*exitcall_t)(void);

/*: 2 The functions that loading and unloading call */
#define module_init(fn) \
	static inline __maybe_unused initcall_t __inittest(void) { return fn; } \
	int init_module(void) __attribute__((alias(#fn)));
#define module_exit(fn) \
	static inline __maybe_unused exitcall_t __exittest(void) { return fn; } \
	void cleanup_module(void) __attribute__((alias(#fn)));
