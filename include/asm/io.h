#pragma once
#include <linux/types.h>
#include <linux/string.h>

/*: 9 One byte from or to a port; those of the parallel port are at 0x378, and at the others is nothing */
unsigned int inb(unsigned long port);
void outb(unsigned int value, unsigned long port);
#define inb_p inb
#define outb_p outb
/*: 9 Memory of a device: there is none, ioremap returns NULL */
#define ioremap(start, size) ((void __iomem *)NULL)
#define iounmap(at) ((void)(at))
#define ioread8(at) (*(volatile u8 *)(at))
#define ioread16(at) (*(volatile u16 *)(at))
#define ioread32(at) (*(volatile u32 *)(at))
#define iowrite8(value, at) (*(volatile u8 *)(at) = (value))
#define iowrite16(value, at) (*(volatile u16 *)(at) = (value))
#define iowrite32(value, at) (*(volatile u32 *)(at) = (value))
#define readb ioread8
#define readw ioread16
#define readl ioread32
#define writeb iowrite8
#define writew iowrite16
#define writel iowrite32
#define memcpy_fromio(to, from, size) memcpy(to, (const void *)(from), size)
#define memcpy_toio(to, from, size) memcpy((void *)(to), from, size)

/*: 9 Several bytes from or to one port */
#define insb(port, to, count) do { unsigned long __i; for (__i = 0; __i < (count); __i++) ((u8 *)(to))[__i] = inb(port); } while (0)
#define outsb(port, from, count) do { unsigned long __i; for (__i = 0; __i < (count); __i++) outb(((const u8 *)(from))[__i], port); } while (0)
