#pragma once
#include <linux/types.h>

/*: 8 Whether an allocation may sleep; GFP_KERNEL where that is not allowed is a finding */
#define GFP_KERNEL 0x400u
#define GFP_ATOMIC 0x20u
#define GFP_NOWAIT 0x20u
#define GFP_NOIO 0x400u
#define GFP_NOFS 0x400u
#define GFP_USER 0x400u
#define GFP_HIGHUSER 0x400u
#define GFP_DMA 0u
#define __GFP_ZERO 0x100u
#define __GFP_NOWARN 0u
#define __GFP_COMP 0u
#define __GFP_HIGHMEM 0u

#define PAGE_SHIFT 12
#define PAGE_SIZE (1UL << PAGE_SHIFT)
#define PAGE_MASK (~(PAGE_SIZE - 1))
#define PAGE_ALIGN(x) (((x) + PAGE_SIZE - 1) & PAGE_MASK)

/*: 8 Whole pages, 2 to the power of order of them */
unsigned long __get_free_pages(gfp_t flags, unsigned int order);
void free_pages(unsigned long address, unsigned int order);
#define __get_free_page(flags) __get_free_pages(flags, 0)
#define get_zeroed_page(flags) __get_free_pages((flags) | __GFP_ZERO, 0)
#define free_page(address) free_pages(address, 0)
static inline int get_order(unsigned long size)
{
	int order = 0;
	while ((PAGE_SIZE << order) < size)
		order++;
	return order;
}
