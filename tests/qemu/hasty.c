/* A driver that lets go in the middle of a call, in one way, which MISTAKE chooses; with 0 in none. No access races. */
#include <linux/module.h>
#include <linux/atomic.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/miscdevice.h>
#include <linux/mutex.h>
#include <linux/uaccess.h>

MODULE_LICENSE("GPL");

#ifndef MISTAKE
#define MISTAKE 0
#endif

#define HASTY_TICKET _IO('h', 1)
#define HASTY_PROBE _IO('h', 2)

static atomic_t is_open = ATOMIC_INIT(0);
static atomic_t free_places = ATOMIC_INIT(1);
static atomic_t written = ATOMIC_INIT(0);
static atomic_t is_probing = ATOMIC_INIT(0);
static DEFINE_MUTEX(lock);
static long tickets;

static int open_once(void)
{
	if (MISTAKE == 1) {
		if (atomic_read(&is_open)) /* and then? */
			return -EBUSY;
		atomic_set(&is_open, 1);
		return 0;
	}
	return atomic_cmpxchg(&is_open, 0, 1) ? -EBUSY : 0;
}

static int hasty_open(struct inode *inode, struct file *filp)
{
	int result;

	if (MISTAKE == 3) {
		if (!atomic_dec_and_test(&free_places)) { /* who is refused meanwhile? */
			atomic_inc(&free_places);
			return -EBUSY;
		}
		return 0;
	}
	if (MISTAKE == 1 || MISTAKE == 5)
		result = open_once();
	else
		result = 0;
	if (MISTAKE == 5 && !try_module_get(THIS_MODULE)) /* who puts it? */
		return -ENODEV;
	return result;
}

static int hasty_release(struct inode *inode, struct file *filp)
{
	if (MISTAKE == 3)
		atomic_inc(&free_places);
	atomic_set(&is_open, 0);
	if (MISTAKE == 5)
		module_put(THIS_MODULE);
	return 0;
}

static ssize_t hasty_write(struct file *filp, const char __user *buf, size_t count, loff_t *pos)
{
	int before;

	if (MISTAKE == 2) {
		before = atomic_read(&written); /* is it still so? */
		atomic_set(&written, before + 1);
	} else {
		atomic_inc(&written);
	}
	return count;
}

static ssize_t hasty_read(struct file *filp, char __user *buf, size_t count, loff_t *pos)
{
	char text[16];
	int length = scnprintf(text, sizeof(text), "%d\n", atomic_read(&written));

	return simple_read_from_buffer(buf, count, pos, text, length);
}

static long ticket(void)
{
	long mine;

	mutex_lock(&lock);
	mine = tickets;
	if (MISTAKE == 4) {
		mutex_unlock(&lock); /* and none comes? */
		mutex_lock(&lock);
	}
	tickets = mine + 1;
	mutex_unlock(&lock);
	return mine;
}

static long hasty_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case HASTY_TICKET:
		return ticket();
	case HASTY_PROBE: /* busy while another probes, which is as it is to be */
		if (atomic_cmpxchg(&is_probing, 0, 1))
			return -EBUSY;
		atomic_inc(&written);
		atomic_set(&is_probing, 0);
		return 0;
	}
	return -ENOTTY;
}

static const struct file_operations hasty_fops = {
	.owner = THIS_MODULE,
	.open = hasty_open,
	.release = hasty_release,
	.read = hasty_read,
	.write = hasty_write,
	.unlocked_ioctl = hasty_ioctl,
};

static struct miscdevice hasty = { .minor = MISC_DYNAMIC_MINOR, .name = "hasty", .fops = &hasty_fops };

module_misc_device(hasty);
