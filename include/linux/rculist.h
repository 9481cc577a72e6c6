#pragma once
#include <linux/list.h>
#include <linux/rcupdate.h>

/*: 5 A list whose readers take no lock */
static inline void list_add_rcu(struct list_head *new, struct list_head *head)
{
	struct list_head *next = head->next;

	new->next = next;
	new->prev = head;
	rcu_assign_pointer(head->next, new);
	next->prev = new;
}
static inline void list_add_tail_rcu(struct list_head *new, struct list_head *head)
{
	list_add_rcu(new, head->prev);
}
static inline void list_del_rcu(struct list_head *entry)
{
	__list_del(entry->prev, entry->next);
	entry->prev = LIST_POISON2;
}
#define list_for_each_entry_rcu(pos, head, member, condition...) \
	for (pos = container_of(rcu_dereference((head)->next), __typeof__(*pos), member); &pos->member != (head); \
		pos = container_of(rcu_dereference(pos->member.next), __typeof__(*pos), member))
