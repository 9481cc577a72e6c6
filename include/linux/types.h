#pragma once
#include <linux/compiler.h>
#include <linux/stddef.h>

/*: 11 Integers of a size */
typedef unsigned char u8, __u8, uint8_t;
typedef signed char s8, __s8, int8_t;
typedef unsigned short u16, __u16, uint16_t;
typedef short s16, __s16, int16_t;
typedef unsigned int u32, __u32, uint32_t;
typedef int s32, __s32, int32_t;
typedef unsigned long long u64, __u64, uint64_t;
typedef long long s64, __s64, int64_t;
typedef u16 __le16, __be16;
typedef u32 __le32, __be32;
typedef u64 __le64, __be64;

/*: 11 Types of the interface to user space */
typedef unsigned long size_t, __kernel_size_t;
typedef long ssize_t, ptrdiff_t, __kernel_ssize_t;
typedef unsigned long uintptr_t;
typedef long intptr_t;
typedef long long loff_t;
typedef long off_t, time_t, clock_t;
typedef long long time64_t, ktime_t;
typedef int pid_t;
typedef unsigned int uid_t, gid_t;
typedef unsigned short umode_t;
typedef unsigned int fmode_t, gfp_t, slab_flags_t, __poll_t;
typedef unsigned char u_char, unchar;
typedef unsigned short u_short, ushort;
typedef unsigned int u_int, uint;
typedef unsigned long u_long, ulong;
typedef unsigned long long sector_t, phys_addr_t, dma_addr_t, resource_size_t;

/*: 3 A major and a minor number */
typedef unsigned int dev_t;

/*: 11 True or false */
typedef _Bool bool;
#define true 1
#define false 0

/*: 5 An integer that is changed as a whole */
typedef struct { int counter; } atomic_t;
typedef struct { long counter; } atomic64_t, atomic_long_t;

/*: 11 A node of a list, or its head */
struct list_head { struct list_head *next, *prev; };
struct hlist_node { struct hlist_node *next, **pprev; };
struct hlist_head { struct hlist_node *first; };

/*: 5 What is called when no reader is left */
struct rcu_head { struct rcu_head *next; void (*func)(struct rcu_head *); };
