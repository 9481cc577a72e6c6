/*
 * complete.c: a reader waits until a writer has come, in the manner of LDD3, chapter 5: a completion.
 *
 *   cargo run -- shell --module drivers/complete.c
 *   scullery# insmod /mnt/complete.ko
 *   scullery# cat /dev/complete &
 *   scullery# echo now > /dev/complete
 */
#include <linux/module.h>
#include <linux/init.h>
#include <linux/completion.h>
#include <linux/miscdevice.h>
#include <linux/sched.h>

MODULE_LICENSE("Dual BSD/GPL");
MODULE_DESCRIPTION("readers that wait for a writer");

static DECLARE_COMPLETION(written);

static ssize_t complete_read(struct file *filp, char __user *buf, size_t count, loff_t *pos)
{
	if (wait_for_completion_interruptible(&written))
		return -ERESTARTSYS;
	pr_info("complete: %s goes on\n", current->comm);
	return 0; /* the end of the file */
}

static ssize_t complete_write(struct file *filp, const char __user *buf, size_t count, loff_t *pos)
{
	pr_info("complete: %s lets one reader go on\n", current->comm);
	complete(&written);
	return count; /* or the writer would try again */
}

static const struct file_operations complete_fops = {
	.owner = THIS_MODULE,
	.read = complete_read,
	.write = complete_write,
};

static struct miscdevice complete_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "complete",
	.fops = &complete_fops,
	.mode = 0666,
};

module_misc_device(complete_device);
