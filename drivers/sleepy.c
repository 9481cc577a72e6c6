/*
 * sleepy.c: readers sleep until a writer comes, in the manner of LDD3, chapter 6: a wait queue and a flag.
 *
 *   cargo run -- shell --module drivers/sleepy.c
 *   scullery# insmod /mnt/sleepy.ko
 *   scullery# cat /dev/sleepy &
 *   scullery# echo wake > /dev/sleepy
 *
 * A writer is for one reader. The flag is taken back by the reader that has seen it, without a lock, as in the book: two
 * readers may see it, and both go on. -D SLEEPY_IS_EXACT has it taken back in one step with the look.
 */
#include <linux/module.h>
#include <linux/init.h>
#include <linux/atomic.h>
#include <linux/miscdevice.h>
#include <linux/sched.h>
#include <linux/wait.h>

MODULE_LICENSE("Dual BSD/GPL");
MODULE_DESCRIPTION("readers that sleep until a writer comes");

static DECLARE_WAIT_QUEUE_HEAD(queue);
static atomic_t flag = ATOMIC_INIT(0);

static ssize_t sleepy_read(struct file *filp, char __user *buf, size_t count, loff_t *pos)
{
#ifdef SLEEPY_IS_EXACT
	if (wait_event_interruptible(queue, atomic_cmpxchg(&flag, 1, 0) == 1))
		return -ERESTARTSYS;
#else
	if (wait_event_interruptible(queue, atomic_read(&flag) != 0))
		return -ERESTARTSYS;
	atomic_set(&flag, 0);
#endif
	pr_info("sleepy: %s is awake\n", current->comm);
	return 0;
}

static ssize_t sleepy_write(struct file *filp, const char __user *buf, size_t count, loff_t *pos)
{
	atomic_set(&flag, 1);
	wake_up_interruptible(&queue);
	return count;
}

static const struct file_operations sleepy_fops = {
	.owner = THIS_MODULE,
	.read = sleepy_read,
	.write = sleepy_write,
};

static struct miscdevice sleepy_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "sleepy",
	.fops = &sleepy_fops,
	.mode = 0666,
};

module_misc_device(sleepy_device);
