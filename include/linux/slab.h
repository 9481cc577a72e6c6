#pragma once
#include <linux/types.h>
#include <linux/gfp.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/overflow.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/cleanup.h>

/*: 8 Memory of the kernel; NULL when there is none. Each block has a record: who has it, since which line */
void *kmalloc(size_t size, gfp_t flags);
void *krealloc(const void *block, size_t size, gfp_t flags);
void kfree(const void *block);
size_t ksize(const void *block);
#define kzalloc(size, flags) kmalloc(size, (flags) | __GFP_ZERO)
#define kmalloc_node(size, flags, node) kmalloc(size, flags)
#define kfree_sensitive(block) kfree(block)
#define kzfree(block) kfree(block)

/*: 8 Room for an array; NULL also when its size is more than can be counted */
void *kmalloc_array(size_t n, size_t size, gfp_t flags);
#define kcalloc(n, size, flags) kmalloc_array(n, size, (flags) | __GFP_ZERO)

/*: 8 The same for what may be large */
#define kvmalloc(size, flags) kmalloc(size, flags)
#define kvzalloc(size, flags) kzalloc(size, flags)
#define kvmalloc_array(n, size, flags) kmalloc_array(n, size, flags)
#define kvcalloc(n, size, flags) kcalloc(n, size, flags)
#define kvfree(block) kfree(block)

/*: 8 Blocks of one size; the constructor is called for each that is given */
struct kmem_cache;
struct kmem_cache *kmem_cache_create(const char *name, unsigned int size, unsigned int align, slab_flags_t flags, void (*constructor)(void *));
void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t flags);
void kmem_cache_free(struct kmem_cache *cache, const void *block);
void kmem_cache_destroy(struct kmem_cache *cache);
#define SLAB_HWCACHE_ALIGN 0u
#define SLAB_PANIC 0u
#define KMEM_CACHE(type, flags) kmem_cache_create(#type, sizeof(struct type), __alignof__(struct type), flags, NULL)
#define kmem_cache_zalloc(cache, flags) kmem_cache_alloc(cache, (flags) | __GFP_ZERO)

/*: 8 A copy of a text, or of bytes */
char *kstrdup(const char *text, gfp_t flags);
char *kstrndup(const char *text, size_t most, gfp_t flags);
void *kmemdup(const void *from, size_t size, gfp_t flags);

/*: 8 A copy of bytes of the process, with a zero behind them or without, or an ERR_PTR */
#define __memdup_user(from, size, more) ({ \
	size_t __size = (size); \
	char *__copy = kmalloc(__size + (more), GFP_KERNEL); \
	if (!__copy) { \
		__copy = ERR_PTR(-ENOMEM); \
	} else if (copy_from_user(__copy, from, __size)) { \
		kfree(__copy); \
		__copy = ERR_PTR(-EFAULT); \
	} else if (more) { \
		__copy[__size] = 0; \
	} \
	(void *)__copy; })
#define memdup_user(from, size) __memdup_user(from, size, 0)
#define memdup_user_nul(from, size) __memdup_user(from, size, 1)

DEFINE_FREE(kfree, void *, if (_T) kfree(_T))
