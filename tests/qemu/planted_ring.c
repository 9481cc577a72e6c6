/* A driver with a small ring of bytes, with one mistake, which MISTAKE chooses; with 0 it has none. */
#include <linux/module.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

MODULE_LICENSE("GPL");

#define SIZE 8

static DEFINE_MUTEX(lock);
static spinlock_t spin;
static DECLARE_WAIT_QUEUE_HEAD(readers);
static DECLARE_WAIT_QUEUE_HEAD(writers);
static char ring[SIZE];
static int first, used;

static int enter(wait_queue_head_t *queue, int unwanted)
{
	mutex_lock(&lock);
	while (used == unwanted) {
		mutex_unlock(&lock);
		if (wait_event_interruptible(*queue, READ_ONCE(used) != unwanted)) /* no byte, or no room */
			return -ERESTARTSYS;
		mutex_lock(&lock);
	}
	return 0;
}

static ssize_t planted_read(struct file *filp, char __user *buf, size_t count, loff_t *pos)
{
	size_t done;

	if (enter(&readers, 0))
		return -ERESTARTSYS;
	for (done = 0; done < count && used > 0; done++) {
		if (put_user(ring[first], buf + done)) { /* one behind the last */
			if (MISTAKE != 1)
				mutex_unlock(&lock);
			return -EFAULT;
		}
		first = MISTAKE == 2 && first < SIZE ? first + 1 : (first + 1) % SIZE;
		WRITE_ONCE(used, used - 1);
	}
	mutex_unlock(&lock);
	if (MISTAKE != 3)
		wake_up_interruptible(&writers);
	return done;
}

static ssize_t planted_write(struct file *filp, const char __user *buf, size_t count, loff_t *pos)
{
	size_t done;

	if (enter(&writers, SIZE))
		return -ERESTARTSYS;
	for (done = 0; done < count && used < SIZE; done++) {
		if (get_user(ring[(first + used) % SIZE], buf + done)) {
			mutex_unlock(&lock);
			return -EFAULT;
		}
		WRITE_ONCE(used, used + 1);
	}
	mutex_unlock(&lock);
	spin_lock(&spin); /* what lock? */
	spin_unlock(&spin);
	wake_up_interruptible(&readers);
	return done;
}

static const struct file_operations planted_fops = {
	.owner = THIS_MODULE,
	.read = planted_read,
	.write = planted_write,
};

static struct miscdevice planted = { .minor = MISC_DYNAMIC_MINOR, .name = "planted", .fops = &planted_fops };

static int __init planted_init(void)
{
	if (MISTAKE != 4)
		spin_lock_init(&spin);
	return misc_register(&planted);
}

static void __exit planted_exit(void)
{
	misc_deregister(&planted);
}

module_init(planted_init);
module_exit(planted_exit);
