#pragma once
#include <linux/types.h>

/*: 8 Memory of the kernel in whole pages; here it lies in a row, as that of kmalloc */
void *vmalloc(unsigned long size);
void *vzalloc(unsigned long size);
void vfree(const void *block);
