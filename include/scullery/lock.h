/* What the locks have in common. Where a lock was declared or initialised, the kernel's reports say. */
#pragma once
#include <linux/types.h>

/* A lock that was declared has this in its first word; one of a kernel's own making, or of zeros, has not. */
#define __LOCK_DECLARED 0x10c4dec1u

struct __lock {
	u32 state;
	u32 line;
	const char *name;
	const char *file;
};

#define __LOCK(name) { __LOCK_DECLARED, __LINE__, name, __FILE__ }

/* The kernel's own primitive, in place. */
#define __LOCK_WORDS 20
