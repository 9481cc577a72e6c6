#pragma once
#include <linux/fs.h>

/*: 4 A file whose text is made piece by piece: show is called for each that start and next find */
struct seq_operations;
struct seq_file {
	char *buf;
	size_t size, from, count;
	loff_t index, read_pos;
	const struct seq_operations *op;
	void *private;
	struct file *file;
	int (*__show)(struct seq_file *, void *);
};
struct seq_operations {
	void *(*start)(struct seq_file *, loff_t *);
	void (*stop)(struct seq_file *, void *);
	void *(*next)(struct seq_file *, void *, loff_t *);
	int (*show)(struct seq_file *, void *);
};
#define SEQ_SKIP 1
#define SEQ_START_TOKEN ((void *)1)

/*: 4 What a file of that kind does when it is opened, read, and closed */
int seq_open(struct file *file, const struct seq_operations *operations);
ssize_t seq_read(struct file *file, char __user *to, size_t size, loff_t *position);
loff_t seq_lseek(struct file *file, loff_t offset, int whence);
int seq_release(struct inode *inode, struct file *file);

/*: 4 The same for a file of one piece; data is its seq_file's private */
int single_open(struct file *file, int (*show)(struct seq_file *, void *), void *data);
int single_release(struct inode *inode, struct file *file);

/*: 4 Adds to the text */
__printf(2, 3) void seq_printf(struct seq_file *seq, const char *format, ...);
void seq_puts(struct seq_file *seq, const char *text);
void seq_putc(struct seq_file *seq, char c);
#define seq_has_overflowed(seq) ((seq)->count == (seq)->size)
