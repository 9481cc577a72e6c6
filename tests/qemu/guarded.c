/* A driver whose locks and blocks end with their scopes, with one mistake, which MISTAKE chooses; with 0 it has none. */
#include <linux/module.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/rwsem.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>

MODULE_LICENSE("GPL");

#define SIZE 16

static DEFINE_MUTEX(lock);
static DEFINE_SPINLOCK(counting);
static DECLARE_RWSEM(names);
static DEFINE_RWLOCK(modes);
static char *text;
static size_t length;
static int writes, mode;

static void keep(char *copy, size_t count)
{
	lockdep_assert_held(&lock); /* who has it? */
	kfree(text);
	text = copy;
	length = count;
}

static int write_count(void)
{
	guard(spinlock_irqsave)(&counting);
	return writes;
}

static char *copied(const char __user *buf, size_t count)
{
	char *copy __free(kfree) = kmalloc(SIZE, GFP_KERNEL); /* whose is it? */

	if (!copy)
		return ERR_PTR(-ENOMEM);
	if (copy_from_user(copy, buf, count)) {
		if (MISTAKE == 1)
			no_free_ptr(copy);
		return ERR_PTR(-EFAULT);
	}
	return_ptr(copy);
}

static ssize_t guarded_write(struct file *filp, const char __user *buf, size_t count, loff_t *pos)
{
	char *copy;

	count = min(count, (size_t)SIZE);
	copy = copied(buf, count);
	if (IS_ERR(copy))
		return PTR_ERR(copy);
	scoped_guard(rwsem_write, &names)
		scoped_guard(write_lock, &modes)
			mode++;
	scoped_guard(spinlock, &counting) {
		if (writes < 0)
			break;
		writes++;
	}
	if (MISTAKE == 2) {
		keep(copy, count);
		return count;
	}
	guard(mutex)(&lock);
	keep(copy, count);
	return count;
}

static ssize_t guarded_read(struct file *filp, char __user *buf, size_t count, loff_t *pos)
{
	scoped_guard(rcu)
		if (MISTAKE == 3)
			mutex_lock(&lock); /* may sleep */
	if (MISTAKE == 3)
		mutex_unlock(&lock);
	guard(rwsem_read)(&names);
	scoped_guard(read_lock, &modes)
		if (mode < 0)
			return -EIO;
	guard(mutex)(&lock);
	if (!text || *pos >= length || write_count() == 0)
		return 0;
	return simple_read_from_buffer(buf, count, pos, text, length);
}

static const struct file_operations guarded_fops = {
	.owner = THIS_MODULE,
	.read = guarded_read,
	.write = guarded_write,
};

static struct miscdevice guarded = { .minor = MISC_DYNAMIC_MINOR, .name = "guarded", .fops = &guarded_fops };

static int __init guarded_init(void)
{
	return misc_register(&guarded);
}

static void __exit guarded_exit(void)
{
	misc_deregister(&guarded);
	kfree(text);
}

module_init(guarded_init);
module_exit(guarded_exit);
