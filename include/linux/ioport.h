#pragma once
#include <linux/types.h>

/*: 9 Claims ports, or memory of a device; there is none but the parallel port's, which no other driver has */
struct resource { resource_size_t start, end; const char *name; };
#define request_region(start, count, name) ((struct resource *)(unsigned long)((start) + 1))
#define release_region(start, count) ((void)(start))
#define check_region(start, count) 0
#define request_mem_region(start, count, name) ((struct resource *)NULL)
#define release_mem_region(start, count) ((void)(start))
