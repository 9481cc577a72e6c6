/*
 * jiffies.c: what is done later, in the manner of jit and jiq of LDD3, chapter 7: files of /proc/jiffies that are filled by
 * a timer, a tasklet, a work, a delayed work, and a task of the driver's own.
 *
 *   cargo run -- shell --module drivers/jiffies.c
 *   scullery# insmod /mnt/jiffies.ko
 *   scullery# cat /proc/jiffies/timer /proc/jiffies/work
 *
 * -D JIFFIES_LEAVES leaves a timer behind on unload.
 */
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/init.h>
#include <linux/interrupt.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/proc_fs.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/timer.h>
#include <linux/workqueue.h>

MODULE_LICENSE("Dual BSD/GPL");
MODULE_DESCRIPTION("what is done later, and by which task");

static int delay = 1;
static int lines = 4;
module_param(delay, int, S_IRUGO);
MODULE_PARM_DESC(delay, "jiffies from one line to the next, for what can wait");
module_param(lines, int, S_IRUGO);

/* What a reader waits for: one at a time. */
static struct later {
	struct timer_list timer;
	struct tasklet_struct tasklet;
	struct work_struct work;
	struct delayed_work delayed;
	struct completion done;
	struct seq_file *text;
	unsigned long before;
	int left;
} later;
static DEFINE_MUTEX(one_reader);
static struct workqueue_struct *queue;
static struct proc_dir_entry *directory;
static struct task_struct *ticker;
static atomic_t ticks = ATOMIC_INIT(0);

/* Writes a line; whether one more is wanted. */
static bool later_line(void)
{
	unsigned long now = jiffies;

	seq_printf(later.text, "%s %s after %d\n", in_interrupt() ? "interrupt" : "task", in_interrupt() ? "" : current->comm,
		   time_after_eq(now, later.before + delay));
	later.before = now;
	if (--later.left > 0)
		return true;
	complete(&later.done);
	return false;
}

static void later_timer(struct timer_list *timer)
{
	struct later *its = from_timer(its, timer, timer);

	if (later_line())
		mod_timer(&its->timer, jiffies + delay);
}

static void later_tasklet(struct tasklet_struct *tasklet)
{
	struct later *its = from_tasklet(its, tasklet, tasklet);

	if (later_line())
		tasklet_schedule(&its->tasklet);
}

static void later_work(struct work_struct *work)
{
	if (later_line())
		queue_work(queue, work);
}

static void later_delayed(struct work_struct *work)
{
	if (later_line())
		schedule_delayed_work(to_delayed_work(work), delay);
}

static int later_show(struct seq_file *text, void *unused)
{
	if (mutex_lock_interruptible(&one_reader))
		return -ERESTARTSYS;
	later.text = text;
	later.before = jiffies;
	later.left = lines;
	reinit_completion(&later.done);
	switch ((long)text->private) {
	case 0:
		mod_timer(&later.timer, jiffies + delay);
		break;
	case 1:
		tasklet_schedule(&later.tasklet);
		break;
	case 2:
		queue_work(queue, &later.work);
		break;
	case 3:
		schedule_delayed_work(&later.delayed, delay);
		break;
	}
	/* Not interruptible: the others write into what this reader has. */
	wait_for_completion(&later.done);
	tasklet_kill(&later.tasklet);
	flush_work(&later.work);
	flush_delayed_work(&later.delayed);
	mutex_unlock(&one_reader);
	return 0;
}

static int later_open(struct inode *inode, struct file *file)
{
	return single_open(file, later_show, pde_data(inode));
}

static const struct proc_ops later_ops = {
	.proc_open = later_open,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_release = single_release,
};

/* The task of the driver's own counts until it is stopped. */
static int ticker_life(void *unused)
{
	while (!kthread_should_stop()) {
		atomic_inc(&ticks);
		schedule_timeout_interruptible(delay);
	}
	pr_info("jiffies: the ticker has ticked: %d\n", atomic_read(&ticks) > 0);
	return 0;
}

static int __init jiffies_init(void)
{
	static const char *const names[] = { "timer", "tasklet", "work", "delayed" };
	long i;

	init_completion(&later.done);
	timer_setup(&later.timer, later_timer, 0);
	tasklet_setup(&later.tasklet, later_tasklet);
	INIT_WORK(&later.work, later_work);
	INIT_DELAYED_WORK(&later.delayed, later_delayed);
	queue = create_singlethread_workqueue("later");
	if (!queue)
		return -ENOMEM;
	ticker = kthread_run(ticker_life, NULL, "ticker");
	if (IS_ERR(ticker)) {
		destroy_workqueue(queue);
		return PTR_ERR(ticker);
	}
	directory = proc_mkdir("jiffies", NULL);
	for (i = 0; directory && i < ARRAY_SIZE(names); i++)
		proc_create_data(names[i], 0, directory, &later_ops, (void *)i);
	return 0;
}

static void __exit jiffies_exit(void)
{
	proc_remove(directory);
	kthread_stop(ticker);
	destroy_workqueue(queue);
#ifdef JIFFIES_LEAVES
	mod_timer(&later.timer, jiffies + 1000 * HZ);
#else
	timer_delete_sync(&later.timer);
#endif
}

module_init(jiffies_init);
module_exit(jiffies_exit);
