/* A driver that uses what the headers make of lists and rings, and random numbers. Its init fails where one is wrong. */
#include <linux/module.h>
#include <linux/circ_buf.h>
#include <linux/fs.h>
#include <linux/hashtable.h>
#include <linux/miscdevice.h>
#include <linux/mutex.h>
#include <linux/random.h>
#include <linux/rwlock.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

MODULE_LICENSE("GPL");

#define RING 8

struct entry {
	int key, thrown;
	struct hlist_node node;
};

static DEFINE_HASHTABLE(entries, 3);
static DEFINE_MUTEX(read_lock); /* as Linux has it, a macro with an argument is another name */
static char letters[RING];
static struct circ_buf ring = { .buf = letters };

static struct entry *find(int key)
{
	struct entry *entry;

	hash_for_each_possible(entries, entry, node, key)
		if (entry->key == key)
			return entry;
	return NULL;
}

static void forget(void)
{
	struct entry *entry;
	struct hlist_node *next;
	int at;

	hash_for_each_safe(entries, at, next, entry, node) {
		hash_del(&entry->node);
		kvfree(entry);
	}
}

static int put(int key)
{
	struct entry *entry = kvzalloc(sizeof(*entry), GFP_KERNEL);

	if (!entry)
		return -ENOMEM;
	entry->key = key;
	hash_add(entries, &entry->node, key);
	return 0;
}

static bool tables_are_right(void)
{
	struct entry *entry;
	int at, sum = 0;

	hash_for_each(entries, at, entry, node)
		sum += entry->key;
	return sum == 45 && find(7) && !find(10) && !hash_empty(entries);
}

static bool rings_are_right(void)
{
	int filled = 0;

	while (CIRC_SPACE(ring.head, ring.tail, RING)) {
		ring.buf[ring.head] = 'a' + filled++;
		ring.head = (ring.head + 1) & (RING - 1);
	}
	ring.tail = 3;
	return filled == RING - 1 && CIRC_CNT(ring.head, ring.tail, RING) == 4 &&
	       CIRC_CNT_TO_END(ring.head, ring.tail, RING) == 4 && CIRC_SPACE_TO_END(ring.head, ring.tail, RING) == 1;
}

static ssize_t tables_read(struct file *filp, char __user *buf, size_t count, loff_t *pos)
{
	struct entry *entry;
	u8 thrown;

	get_random_bytes(&thrown, sizeof(thrown));
	mutex_lock(&read_lock);
	entry = find(thrown % 10);
	entry->thrown++;
	mutex_unlock(&read_lock);
	thrown = '1' + get_random_u32_below(6);
	if (!count)
		return 0;
	return put_user(thrown, buf) ? -EFAULT : 1;
}

static const struct file_operations tables_fops = { .owner = THIS_MODULE, .read = tables_read };
static struct miscdevice tables = { .minor = MISC_DYNAMIC_MINOR, .name = "tables", .fops = &tables_fops };

static int __init tables_init(void)
{
	int key, result = 0;

	for (key = 0; key < 10 && !result; key++)
		result = put(key);
	if (!result && !(tables_are_right() && rings_are_right()))
		result = -EINVAL;
	if (!result)
		result = misc_register(&tables);
	if (result)
		forget();
	return result;
}

static void __exit tables_exit(void)
{
	misc_deregister(&tables);
	forget();
}

module_init(tables_init);
module_exit(tables_exit);
