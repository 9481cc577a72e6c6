#pragma once
#include <linux/fs.h>

/*: 4 A file whose text is made piece by piece */
struct seq_operations;
struct seq_file {
	char *buf;
	size_t size, from, count;
	loff_t index, read_pos;
	const struct seq_operations *op;
	void *private;
	struct file *file;
};
struct seq_operations {
	void *(*start)(struct seq_file *, loff_t *);
	void (*stop)(struct seq_file *, void *);
	void *(*next)(struct seq_file *, void *, loff_t *);
	int (*show)(struct seq_file *, void *);
};
