#pragma once
#include <linux/types.h>

/*: 9 One byte from or to a port; those of the parallel port are at 0x378, and at the others is nothing */
unsigned int inb(unsigned long port);
void outb(unsigned int value, unsigned long port);
#define inb_p inb
#define outb_p outb
#define insb(port, to, count) do { unsigned long __i; for (__i = 0; __i < (count); __i++) ((u8 *)(to))[__i] = inb(port); } while (0)
#define outsb(port, from, count) do { unsigned long __i; for (__i = 0; __i < (count); __i++) outb(((const u8 *)(from))[__i], port); } while (0)
