#pragma once
#include <linux/types.h>
#include <linux/errno.h>
#include <linux/err.h>
#include <linux/string.h>
#include <linux/capability.h>
#include <linux/kdev_t.h>
#include <linux/ioctl.h>
#include <linux/fcntl.h>
#include <linux/stat.h>
#include <linux/list.h>
#include <linux/uidgid.h>
#include <linux/gfp.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/semaphore.h>
#include <linux/wait.h>
#include <linux/sched/signal.h>

struct module;
struct file;
struct inode;
struct cdev;
/*: 15 Asynchronous reads and writes: a driver may have them, and no process asks for them */
struct kiocb { struct file *ki_filp; loff_t ki_pos; int ki_flags; void (*ki_complete)(struct kiocb *, long); };
struct iov_iter { int direction; size_t count; };
#define READ 0
#define WRITE 1
#define iov_iter_rw(iter) ((iter)->direction)
#define iov_iter_count(iter) ((iter)->count)
#define is_sync_kiocb(iocb) ((iocb)->ki_complete == NULL)
static inline ssize_t generic_file_read_iter(struct kiocb *iocb, struct iov_iter *to) { return -EINVAL; }
static inline ssize_t generic_file_write_iter(struct kiocb *iocb, struct iov_iter *from) { return -EINVAL; }

struct vm_area_struct;
struct poll_table_struct;
struct fasync_struct;
typedef void *fl_owner_t;

/*: 3 How a file was opened: filp->f_mode */
#define FMODE_READ 1u
#define FMODE_WRITE 2u
#define FMODE_LSEEK 4u

/*: 3 Where llseek counts from */
#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2

/*: 3 What a driver does with a file; what it leaves out is answered as in Linux */
struct file_operations {
	struct module *owner;
	loff_t (*llseek)(struct file *, loff_t, int);
	ssize_t (*read)(struct file *, char __user *, size_t, loff_t *);
	ssize_t (*write)(struct file *, const char __user *, size_t, loff_t *);
	ssize_t (*read_iter)(struct kiocb *, struct iov_iter *);
	ssize_t (*write_iter)(struct kiocb *, struct iov_iter *);
	__poll_t (*poll)(struct file *, struct poll_table_struct *);
	long (*unlocked_ioctl)(struct file *, unsigned int, unsigned long);
	long (*compat_ioctl)(struct file *, unsigned int, unsigned long);
	int (*mmap)(struct file *, struct vm_area_struct *);
	int (*open)(struct inode *, struct file *);
	int (*flush)(struct file *, fl_owner_t);
	int (*release)(struct inode *, struct file *);
	int (*fsync)(struct file *, loff_t, loff_t, int);
	int (*fasync)(int, struct file *, int);
	unsigned long (*get_unmapped_area)(struct file *, unsigned long, unsigned long, unsigned long, unsigned long);
};

/*: 3 A device's name, as its driver sees it: i_rdev is its number, i_cdev the driver's */
struct inode {
	dev_t i_rdev;
	umode_t i_mode;
	struct cdev *i_cdev;
	void *i_private;
	kuid_t i_uid;
	kgid_t i_gid;
	loff_t i_size;
	unsigned long i_ino;
};

/*: 3 The name of a file: f_path.dentry->d_name.name */
struct qstr { const char *name; u32 len; };
struct dentry { struct qstr d_name; struct inode *d_inode; };
struct path { void *mnt; struct dentry *dentry; };

/*: 3 An open file, as its driver sees it */
struct file {
	void *private_data;
	loff_t f_pos;
	unsigned int f_flags;
	fmode_t f_mode;
	const struct file_operations *f_op;
	struct inode *f_inode;
	struct path f_path;
};
#define file_dentry(file) ((file)->f_path.dentry)
static inline struct inode *file_inode(const struct file *file) { return file->f_inode; }
static inline unsigned int iminor(const struct inode *inode) { return MINOR(inode->i_rdev); }
static inline unsigned int imajor(const struct inode *inode) { return MAJOR(inode->i_rdev); }

/*: 3 Takes numbers for a driver, these or a major that is free, and gives them back */
int register_chrdev_region(dev_t first, unsigned int count, const char *name);
int alloc_chrdev_region(dev_t *first, unsigned int baseminor, unsigned int count, const char *name);
void unregister_chrdev_region(dev_t first, unsigned int count);

/*: 3 The older way: a major, 256 minors and their device in one step; the major, if 0 was given */
int register_chrdev(unsigned int major, const char *name, const struct file_operations *operations);
void unregister_chrdev(unsigned int major, const char *name);

/*: 6 A file without a position */
int nonseekable_open(struct inode *inode, struct file *file);
int stream_open(struct inode *inode, struct file *file);
loff_t no_llseek(struct file *file, loff_t offset, int whence);
loff_t noop_llseek(struct file *file, loff_t offset, int whence);
loff_t default_llseek(struct file *file, loff_t offset, int whence);
loff_t fixed_size_llseek(struct file *file, loff_t offset, int whence, loff_t size);

/*: 3 read and write of a driver whose bytes lie in a row */
ssize_t simple_read_from_buffer(void __user *to, size_t count, loff_t *position, const void *from, size_t available);
ssize_t simple_write_to_buffer(void *to, size_t available, loff_t *position, const void __user *from, size_t count);

/*: 6 Who is told by a signal that a file is ready */
int fasync_helper(int fd, struct file *file, int on, struct fasync_struct **list);
void kill_fasync(struct fasync_struct **list, int signal, int band);
#define POLL_IN 1
#define POLL_OUT 2
