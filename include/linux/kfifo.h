#pragma once
#include <linux/types.h>
#include <linux/kernel.h>
#include <linux/barrier.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/spinlock.h>

/*: 11 A ring of elements, whose size is a power of two: one that puts in and one that takes out need no lock */
struct __kfifo { unsigned int in, out, mask; void *data; };
struct kfifo { struct __kfifo kfifo; unsigned char *type; };
#define DECLARE_KFIFO(name, element, count) struct { struct __kfifo kfifo; element *type; element buffer[count]; } name
#define DECLARE_KFIFO_PTR(name, element) struct { struct __kfifo kfifo; element *type; } name
#define DEFINE_KFIFO(name, element, count) \
	DECLARE_KFIFO(name, element, count) = { .kfifo = { .mask = (count) - 1, .data = name.buffer } }
#define INIT_KFIFO(fifo) ((fifo).kfifo = (struct __kfifo){ .mask = ARRAY_SIZE((fifo).buffer) - 1, .data = (fifo).buffer })
#define __kfifo_size(fifo) sizeof(*(fifo)->type)
static inline int __kfifo_init(struct __kfifo *fifo, void *data, unsigned int count)
{
	while (count & (count - 1))
		count &= count - 1;
	*fifo = (struct __kfifo){ .mask = count - 1, .data = data };
	return count < 2 ? -EINVAL : 0;
}
static inline int __kfifo_alloc(struct __kfifo *fifo, unsigned int count, size_t size, gfp_t flags)
{
	unsigned int whole = 2;
	while (whole < count)
		whole *= 2;
	*fifo = (struct __kfifo){ .mask = whole - 1, .data = kmalloc_array(whole, size, flags) };
	return fifo->data ? 0 : -ENOMEM;
}
#define kfifo_init(fifo, data, bytes) __kfifo_init(&(fifo)->kfifo, data, (bytes) / __kfifo_size(fifo))
#define kfifo_alloc(fifo, count, flags) __kfifo_alloc(&(fifo)->kfifo, count, __kfifo_size(fifo), flags)
#define kfifo_free(fifo) do { kfree((fifo)->kfifo.data); (fifo)->kfifo.data = NULL; } while (0)

/*: 11 How many elements are in it, how many more have room, and none of them any more */
#define kfifo_len(fifo) ((fifo)->kfifo.in - (fifo)->kfifo.out)
#define kfifo_size(fifo) ((fifo)->kfifo.mask + 1)
#define kfifo_avail(fifo) (kfifo_size(fifo) - kfifo_len(fifo))
#define kfifo_is_empty(fifo) (kfifo_len(fifo) == 0)
#define kfifo_is_full(fifo) (kfifo_len(fifo) > (fifo)->kfifo.mask)
#define kfifo_reset(fifo) ((fifo)->kfifo.in = (fifo)->kfifo.out = 0)
#define kfifo_initialized(fifo) ((fifo)->kfifo.data != NULL)

/* Copies up to count elements at the place of index, as a whole or in two parts; those that a process's memory did not
 * take stay. */
static inline unsigned int __kfifo_copy(struct __kfifo *fifo, unsigned int index, void *bytes, unsigned int count, size_t size, int how)
{
	unsigned int done, part;

	for (done = 0; done < count; done += part) {
		unsigned int at = (index + done) & fifo->mask;
		void *inner = (char *)fifo->data + at * size, *outer = (char *)bytes + done * size;

		part = min(count - done, fifo->mask + 1 - at);
		if (how == 0)
			memcpy(inner, outer, part * size);
		else if (how == 1)
			memcpy(outer, inner, part * size);
		else if (how == 2 ? copy_from_user(inner, outer, part * size) : copy_to_user(outer, inner, part * size))
			break;
	}
	return done;
}
static inline unsigned int __kfifo_in(struct __kfifo *fifo, const void *bytes, unsigned int count, size_t size, int how)
{
	unsigned int room = fifo->mask + 1 - (fifo->in - smp_load_acquire(&fifo->out));
	unsigned int done = __kfifo_copy(fifo, fifo->in, (void *)bytes, min(count, room), size, how);

	smp_store_release(&fifo->in, fifo->in + done);
	return done;
}
static inline unsigned int __kfifo_out(struct __kfifo *fifo, void *bytes, unsigned int count, size_t size, int how, int stays)
{
	unsigned int there = smp_load_acquire(&fifo->in) - fifo->out;
	unsigned int done = __kfifo_copy(fifo, fifo->out, bytes, min(count, there), size, how);

	if (!stays)
		smp_store_release(&fifo->out, fifo->out + done);
	return done;
}

/*: 11 Puts elements in and takes them out: how many; peek leaves them there */
#define kfifo_in(fifo, bytes, count) __kfifo_in(&(fifo)->kfifo, bytes, count, __kfifo_size(fifo), 0)
#define kfifo_out(fifo, bytes, count) __kfifo_out(&(fifo)->kfifo, bytes, count, __kfifo_size(fifo), 1, 0)
#define kfifo_out_peek(fifo, bytes, count) __kfifo_out(&(fifo)->kfifo, bytes, count, __kfifo_size(fifo), 1, 1)
#define kfifo_put(fifo, value) ({ __typeof__(*(fifo)->type) __one = (value); (int)kfifo_in(fifo, &__one, 1); })
#define kfifo_get(fifo, value) ((int)kfifo_out(fifo, value, 1))
#define kfifo_peek(fifo, value) ((int)kfifo_out_peek(fifo, value, 1))
#define kfifo_in_spinlocked(fifo, bytes, count, lock) ({ unsigned long __flags; unsigned int __n; \
	spin_lock_irqsave(lock, __flags); __n = kfifo_in(fifo, bytes, count); spin_unlock_irqrestore(lock, __flags); __n; })
#define kfifo_out_spinlocked(fifo, bytes, count, lock) ({ unsigned long __flags; unsigned int __n; \
	spin_lock_irqsave(lock, __flags); __n = kfifo_out(fifo, bytes, count); spin_unlock_irqrestore(lock, __flags); __n; })

/*: 11 The same from and to a process, in bytes: 0 or -EFAULT, and how many were copied */
#define __kfifo_user(fifo, bytes, copied, call) ({ unsigned int __asked = (bytes) / __kfifo_size(fifo), __done = call; \
	*(copied) = __done * __kfifo_size(fifo); __done == 0 && __asked > 0 ? -EFAULT : 0; })
#define kfifo_from_user(fifo, from, bytes, copied) (kfifo_is_full(fifo) ? (*(copied) = 0, 0) : \
	__kfifo_user(fifo, bytes, copied, __kfifo_in(&(fifo)->kfifo, (const void *)(from), __asked, __kfifo_size(fifo), 2)))
#define kfifo_to_user(fifo, to, bytes, copied) (kfifo_is_empty(fifo) ? (*(copied) = 0, 0) : \
	__kfifo_user(fifo, bytes, copied, __kfifo_out(&(fifo)->kfifo, (void *)(to), __asked, __kfifo_size(fifo), 3, 0)))
