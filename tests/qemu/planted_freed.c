/* A driver that uses a lock, or what is done later, in memory that it has freed, in one way, which MISTAKE
 * chooses; with 0 in none. */
#include <linux/module.h>
#include <linux/completion.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

MODULE_LICENSE("GPL");

struct nap {
	struct timer_list timer;
	wait_queue_head_t wait;
	int is_over;
};

struct job {
	struct mutex lock;
	spinlock_t spin;
	struct work_struct work;
	struct completion done;
};

static void planted_timer(struct timer_list *timer)
{
	struct nap *nap = from_timer(nap, timer, timer);

	WRITE_ONCE(nap->is_over, 1);
	wake_up(&nap->wait); /* its reader may have seen it, and gone */
}

static void planted_work(struct work_struct *work)
{
	struct job *job = container_of(work, struct job, work);

	complete(&job->done); /* its waiter may be gone when this returns */
}

static ssize_t planted_read(struct file *filp, char __user *buf, size_t count, loff_t *pos)
{
	struct nap *nap = kzalloc(sizeof(*nap), GFP_KERNEL);

	if (!nap)
		return -ENOMEM;
	init_waitqueue_head(&nap->wait);
	timer_setup(&nap->timer, planted_timer, 0);
	mod_timer(&nap->timer, jiffies + 1);
	wait_event(nap->wait, READ_ONCE(nap->is_over));
	if (MISTAKE != 1)
		timer_delete_sync(&nap->timer);
	kfree(nap);
	if (MISTAKE == 2)
		mod_timer(&nap->timer, jiffies + 1); /* once more */
	return 0;
}

static ssize_t planted_write(struct file *filp, const char __user *buf, size_t count, loff_t *pos)
{
	struct job *job = kzalloc(sizeof(*job), GFP_KERNEL);
	unsigned long flags;

	if (!job)
		return -ENOMEM;
	mutex_init(&job->lock);
	spin_lock_init(&job->spin);
	init_completion(&job->done);
	INIT_WORK(&job->work, planted_work);
	mutex_lock(&job->lock);
	schedule_work(&job->work);
	wait_for_completion(&job->done);
	if (MISTAKE == 3)
		kfree(job);
	mutex_unlock(&job->lock); /* of what is gone */
	if (MISTAKE == 3)
		return count;
	if (MISTAKE == 4) {
		spin_lock_irqsave(&job->spin, flags);
		kfree(job);
		spin_unlock_irqrestore(&job->spin, flags); /* of what is gone, too */
		return count;
	}
	kfree(job);
	if (MISTAKE == 5)
		cancel_work_sync(&job->work); /* too late */
	return count;
}

static const struct file_operations planted_fops = {
	.owner = THIS_MODULE,
	.read = planted_read,
	.write = planted_write,
};

static struct miscdevice planted = { .minor = MISC_DYNAMIC_MINOR, .name = "planted", .fops = &planted_fops };
module_misc_device(planted);
