#pragma once
#include <linux/list.h>
#include <linux/hash.h>
#include <linux/kernel.h>

/*: 11 A table of lists, whose size is a power of two; the key says in which list an entry is */
#define DECLARE_HASHTABLE(name, bits) struct hlist_head name[1 << (bits)]
#define DEFINE_HASHTABLE(name, bits) struct hlist_head name[1 << (bits)] = { [0 ... (1 << (bits)) - 1] = HLIST_HEAD_INIT }
#define HASH_SIZE(table) ARRAY_SIZE(table)
#define HASH_BITS(table) ((unsigned int)__builtin_ctzl(HASH_SIZE(table)))
#define hash_min(key, bits) (sizeof(key) <= 4 ? hash_32(key, bits) : hash_64(key, bits))
#define hash_init(table) ({ unsigned long __i; for (__i = 0; __i < HASH_SIZE(table); __i++) INIT_HLIST_HEAD(&(table)[__i]); })
#define hash_add(table, node, key) hlist_add_head(node, &(table)[hash_min(key, HASH_BITS(table))])
#define hash_empty(table) ({ \
	unsigned long __i; bool __empty = true; \
	for (__i = 0; __i < HASH_SIZE(table); __i++) __empty = __empty && hlist_empty(&(table)[__i]); \
	__empty; })
static inline void hash_del(struct hlist_node *node) { hlist_del_init(node); }
static inline bool hash_hashed(struct hlist_node *node) { return !hlist_unhashed(node); }

/*: 11 For each entry of all lists; or of the list in which a key can be */
#define hash_for_each(table, at, pos, member) \
	for ((at) = 0, pos = NULL; pos == NULL && (at) < HASH_SIZE(table); (at)++) hlist_for_each_entry(pos, &(table)[at], member)
#define hash_for_each_safe(table, at, next, pos, member) \
	for ((at) = 0, pos = NULL; pos == NULL && (at) < HASH_SIZE(table); (at)++) \
		hlist_for_each_entry_safe(pos, next, &(table)[at], member)
#define hash_for_each_possible(table, pos, member, key) \
	hlist_for_each_entry(pos, &(table)[hash_min(key, HASH_BITS(table))], member)
#define hash_for_each_possible_safe(table, pos, next, member, key) \
	hlist_for_each_entry_safe(pos, next, &(table)[hash_min(key, HASH_BITS(table))], member)
