#pragma once
#include <linux/stddef.h>

/*: 3 The structure that a pointer leads into */
#define container_of(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))
