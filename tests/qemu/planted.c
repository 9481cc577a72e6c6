/* A driver with one mistake, which MISTAKE chooses; with 0 it has none. */
#include <linux/module.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>
#include <linux/wait.h>
#include <linux/string.h>

MODULE_LICENSE("GPL");

#define SIZE 32

static DEFINE_MUTEX(lock);
static DEFINE_MUTEX(other);
static DEFINE_SPINLOCK(spin);
static DECLARE_WAIT_QUEUE_HEAD(queue);
static char *text;
static size_t length;
static long writes, reads;

static ssize_t planted_write(struct file *filp, const char __user *buf, size_t count, loff_t *pos)
{
	char *copy;

	if (MISTAKE != 17)
		count = min(count, (size_t)SIZE);
	copy = kmalloc(SIZE, GFP_KERNEL);
	if (!copy && MISTAKE != 1)
		return -ENOMEM;
	if (MISTAKE == 2)
		memset(copy, 0, SIZE + 1); /* one byte too many */
	else
		memset(copy, 0, SIZE);
	mutex_lock(&lock);
	if (copy_from_user(copy, buf, count)) {
		if (MISTAKE != 3)
			mutex_unlock(&lock);
		if (MISTAKE != 4)
			kfree(copy);
		return -EFAULT;
	}
	if (MISTAKE == 5) {
		mutex_lock(&other);
		mutex_unlock(&other);
	}
	if (MISTAKE == 6)
		mutex_unlock(&lock);
	if (MISTAKE != 7)
		kfree(text);
	text = copy;
	WRITE_ONCE(length, count);
	writes++;
	if (MISTAKE != 6)
		mutex_unlock(&lock);
	wake_up_interruptible(&queue);
	return count;
}

static ssize_t planted_read(struct file *filp, char __user *buf, size_t count, loff_t *pos)
{
	char *copy = NULL;
	ssize_t result = 0;

	if (MISTAKE == 14) {
		copy = kmalloc(SIZE, GFP_KERNEL); /* lost at the end */
		if (!copy)
			return -ENOMEM;
		if (*pos)
			return 0;
		kfree(copy);
	}
	if (MISTAKE == 8) {
		spin_lock(&spin);
		copy = kmalloc(SIZE, GFP_KERNEL); /* may sleep */
		spin_unlock(&spin);
		kfree(copy);
	}
	if (MISTAKE == 5)
		mutex_lock(&other);
	mutex_lock(&lock);
	if (MISTAKE == 9) {
		DEFINE_WAIT(entry);

		if (!length) { /* a write that comes here is not noticed */
			mutex_unlock(&lock);
			prepare_to_wait(&queue, &entry, TASK_INTERRUPTIBLE);
			schedule();
			finish_wait(&queue, &entry);
			mutex_lock(&lock);
		}
	}
	if (text) {
		result = min(count, length);
		if (copy_to_user(buf, text, result) && MISTAKE != 13) /* who looks? */
			result = -EFAULT;
		if (MISTAKE == 14 && result > 0)
			*pos += result;
		if (MISTAKE == 10)
			kfree(text); /* and the exit does it again */
	}
	if (MISTAKE == 16 && !length) {
		mutex_unlock(&lock);
		copy = kmalloc(SIZE, GFP_KERNEL); /* a signal comes */
		if (!copy || wait_event_interruptible(queue, READ_ONCE(length)))
			return -ERESTARTSYS;
		kfree(copy);
		return 0;
	}
	if (MISTAKE == 15 && text) {
		copy = text;
		mutex_unlock(&lock);
		kfree(copy); /* two readers have found it */
		mutex_lock(&lock);
		text = NULL;
	}
	mutex_unlock(&lock);
	if (MISTAKE == 5)
		mutex_unlock(&other);
	if (MISTAKE == 11)
		reads++;
	return result;
}

static const struct file_operations planted_fops = {
	.owner = THIS_MODULE,
	.read = planted_read,
	.write = planted_write,
};

static struct miscdevice planted = { .minor = MISC_DYNAMIC_MINOR, .name = "planted", .fops = &planted_fops };

static int __init planted_init(void)
{
	int result = misc_register(&planted);
	void *room;

	if (result)
		return result;
	room = kmalloc(8, GFP_KERNEL);
	if (!room) {
		if (MISTAKE != 12)
			misc_deregister(&planted);
		return -ENOMEM;
	}
	kfree(room);
	return 0;
}

static void __exit planted_exit(void)
{
	misc_deregister(&planted);
	kfree(text);
}

module_init(planted_init);
module_exit(planted_exit);
