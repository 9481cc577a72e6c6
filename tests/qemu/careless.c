/* A driver that is careless with memory in one way, which MISTAKE chooses; with 0 in none. */
#include <linux/module.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

MODULE_LICENSE("GPL");

#define SIZE 16
#define KINDS 4

struct state {
	char kind; /* what follows it is never written */
	int opened;
	long written;
	struct list_head words;
};

struct reply {
	char kind; /* so is this, in a copy of the whole */
	int opened;
	char text[24];
};

struct word {
	struct list_head list;
	char text[SIZE];
};

static DEFINE_MUTEX(lock);
static struct state *state;
static int kinds[KINDS];
static int others[KINDS];
static const int limits[KINDS] = { 8, 8, 8, 8 };

static void count_kind(int kind)
{
	kinds[kind]++; /* one kind too many */
	others[0]++;
}

static int allowed(const int *limit, int kind)
{
	if (MISTAKE == 6)
		((int *)limit)[kind] = 9; /* a constant */
	return limit[kind];
}

static noinline int kind_of(const char __user *buf, size_t count)
{
	char start[SIZE / 2];
	int kind, sum = 0;

	count = min(count, MISTAKE == 4 ? 2 * sizeof(start) : sizeof(start));
	memset(start, 0, sizeof(start));
	if (copy_from_user(start, buf, count)) /* more than it has room for */
		return -EFAULT;
	for (kind = 0; kind < (int)sizeof(start); kind++)
		sum += start[kind];
	return sum % KINDS;
}

static int keep(const char __user *buf, size_t count)
{
	struct word *word = kmalloc(sizeof(*word), GFP_KERNEL);
	char *text, *longer;
	int failed;

	if (!word)
		return -ENOMEM;
	count = min(count, (size_t)SIZE - 1);
	failed = copy_from_user(word->text, buf, count) ? -EFAULT : 0;
	word->text[count] = 0;
	text = kmalloc(count, GFP_KERNEL);
	if (failed || !text) {
		kfree(text);
		kfree(word);
		return failed ? failed : -ENOMEM;
	}
	memcpy(text, word->text, count);
	if (MISTAKE == 7)
		state->written += strlen(text); /* no zero ends it */
	longer = krealloc(text, count + 1, GFP_KERNEL);
	if (longer)
		longer[count] = 0;
	if (longer && MISTAKE == 8)
		state->written += text[0]; /* it is somewhere else now */
	kfree(longer ? longer : text);
	list_add(&word->list, &state->words); /* the head */
	state->written += count;
	return count;
}

static void forget(void)
{
	struct word *word, *next;

	list_for_each_entry_safe(word, next, &state->words, list) {
		list_del(&word->list);
		kfree(MISTAKE == 9 ? (void *)word->text : word); /* not where it begins */
	}
}

static int careless_open(struct inode *inode, struct file *filp)
{
	mutex_lock(&lock);
	state->opened++; /* from what on? */
	mutex_unlock(&lock);
	return 0;
}

static ssize_t careless_write(struct file *filp, const char __user *buf, size_t count, loff_t *pos)
{
	int kind = kind_of(buf, count);
	ssize_t result = kind;

	mutex_lock(&lock);
	if (kind >= 0 && allowed(limits, kind) > 0) {
		count_kind(MISTAKE == 5 ? KINDS : kind);
		result = keep(buf, count);
	}
	mutex_unlock(&lock);
	return result;
}

static ssize_t careless_read(struct file *filp, char __user *buf, size_t count, loff_t *pos)
{
	struct reply *reply = MISTAKE == 2 ? kmalloc(sizeof(*reply), GFP_KERNEL) : kzalloc(sizeof(*reply), GFP_KERNEL);
	struct state copy;
	ssize_t result;

	if (!reply)
		return -ENOMEM;
	mutex_lock(&lock);
	copy = *state;
	mutex_unlock(&lock);
	reply->kind = copy.kind;
	reply->opened = copy.opened;
	strcpy(reply->text, "opened and written");
	result = min(count, sizeof(*reply));
	if (copy_to_user(buf, reply, result)) /* the whole of it */
		result = -EFAULT;
	kfree(reply);
	return result;
}

static const struct file_operations careless_fops = {
	.owner = THIS_MODULE,
	.open = careless_open,
	.read = careless_read,
	.write = careless_write,
};

static struct miscdevice careless = { .minor = MISC_DYNAMIC_MINOR, .name = "careless", .fops = &careless_fops };

static int __init careless_init(void)
{
	int result;

	state = kmalloc(sizeof(*state), GFP_KERNEL);
	if (!state)
		return -ENOMEM;
	state->kind = 'a';
	if (MISTAKE != 1)
		state->opened = 0;
	state->written = 0;
	if (MISTAKE != 3)
		INIT_LIST_HEAD(&state->words);
	result = misc_register(&careless);
	if (result)
		kfree(state);
	return result;
}

static void __exit careless_exit(void)
{
	misc_deregister(&careless);
	if (MISTAKE != 3)
		forget();
	kfree(state);
}

module_init(careless_init);
module_exit(careless_exit);
