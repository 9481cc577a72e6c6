/*
 * hello.c: the smallest module. It says something when it is loaded, and when it is unloaded.
 *
 *   cargo run -- shell --module drivers/hello.c
 *   scullery# insmod /mnt/hello.ko whom=reader howmany=2
 */
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/init.h>

MODULE_LICENSE("Dual BSD/GPL");
MODULE_DESCRIPTION("says hello");

static char *whom = "world";
static int howmany = 1;
module_param(whom, charp, S_IRUGO);
MODULE_PARM_DESC(whom, "who is greeted");
module_param(howmany, int, S_IRUGO);

static int __init hello_init(void)
{
	int i;

	for (i = 0; i < howmany; i++)
		pr_alert("Hello, %s\n", whom);
	return 0;
}

static void __exit hello_exit(void)
{
	pr_alert("Goodbye, cruel %s\n", whom);
}

module_init(hello_init);
module_exit(hello_exit);
