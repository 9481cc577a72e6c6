#pragma once
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/module.h>

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

/*: 4 What start and next do where the pieces are the elements of a list */
#define seq_list_start(head, at) ({ \
	struct list_head *__head = (head), *__entry = __head->next; \
	loff_t __left = (at); \
	while (__entry != __head && __left-- > 0) \
		__entry = __entry->next; \
	__entry == __head ? NULL : __entry; })
#define seq_list_next(v, head, at) ({ \
	struct list_head *__next = ((struct list_head *)(v))->next; \
	++*(at); \
	__next == (head) ? NULL : __next; })

/*: 4 NAME_fops or NAME_proc_ops of a file of one piece, which NAME_show makes */
#define DEFINE_SHOW_ATTRIBUTE(name) \
static int name##_open(struct inode *inode, struct file *file) { return single_open(file, name##_show, inode->i_private); } \
static const struct file_operations name##_fops = { \
	.owner = THIS_MODULE, .open = name##_open, .read = seq_read, .llseek = seq_lseek, .release = single_release }
#define DEFINE_PROC_SHOW_ATTRIBUTE(name) \
static int name##_open(struct inode *inode, struct file *file) { return single_open(file, name##_show, pde_data(inode)); } \
static const struct proc_ops name##_proc_ops = { \
	.proc_open = name##_open, .proc_read = seq_read, .proc_lseek = seq_lseek, .proc_release = single_release }
