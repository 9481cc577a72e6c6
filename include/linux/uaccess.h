#pragma once
#include <linux/compiler.h>
#include <linux/types.h>
#include <linux/errno.h>

/*: 3 To and from the memory of the process that makes the call; how many bytes were not copied. May sleep */
unsigned long copy_to_user(void __user *to, const void *from, unsigned long size);
unsigned long copy_from_user(void *to, const void __user *from, unsigned long size);
unsigned long clear_user(void __user *to, unsigned long size);
#define __copy_to_user copy_to_user
#define __copy_from_user copy_from_user
long strncpy_from_user(char *to, const char __user *from, long most);
long strnlen_user(const char __user *text, long most);

/*: 6 Whether it can be an address of a process at all */
#define access_ok(address, size) __scullery_access_ok((const void *)(address), size)
int __scullery_access_ok(const void *address, unsigned long size);

/*: 6 One value from or to the process; 0 or -EFAULT. May sleep */
#define get_user(x, ptr) ({ \
	__typeof__((__typeof__(*(ptr)))0) __value = 0; \
	int __error = copy_from_user(&__value, ptr, sizeof(*(ptr))) ? -EFAULT : 0; \
	(x) = (__typeof__(x))__value; \
	__error; })
#define put_user(x, ptr) ({ \
	__typeof__((__typeof__(*(ptr)))0) __value = (x); \
	copy_to_user(ptr, &__value, sizeof(*(ptr))) ? -EFAULT : 0; })
#define __get_user get_user
#define __put_user put_user
