#pragma once
#include <linux/fs.h>
#include <linux/err.h>
#include <linux/seq_file.h>

/*: 4 Files and directories of /sys/kernel/debug */
struct dentry *debugfs_create_dir(const char *name, struct dentry *parent);
struct dentry *debugfs_create_file(const char *name, umode_t mode, struct dentry *parent, void *data, const struct file_operations *operations);
#define debugfs_create_file_unsafe debugfs_create_file
void debugfs_remove(struct dentry *entry);
#define debugfs_remove_recursive(entry) debugfs_remove(entry)

/* How a number is shown. */
#define __DEBUGFS_BOOL 1
#define __DEBUGFS_HEX 2
void __scullery_debugfs_number(const char *name, umode_t mode, struct dentry *parent, void *at, int bytes, int way);

/*: 4 A file that shows a variable, and takes it */
#define debugfs_create_u8(name, mode, parent, value) __scullery_debugfs_number(name, mode, parent, value, 1, 0)
#define debugfs_create_u16(name, mode, parent, value) __scullery_debugfs_number(name, mode, parent, value, 2, 0)
#define debugfs_create_u32(name, mode, parent, value) __scullery_debugfs_number(name, mode, parent, value, 4, 0)
#define debugfs_create_u64(name, mode, parent, value) __scullery_debugfs_number(name, mode, parent, value, 8, 0)
#define debugfs_create_ulong(name, mode, parent, value) __scullery_debugfs_number(name, mode, parent, value, 8, 0)
#define debugfs_create_size_t(name, mode, parent, value) __scullery_debugfs_number(name, mode, parent, value, 8, 0)
#define debugfs_create_atomic_t(name, mode, parent, value) __scullery_debugfs_number(name, mode, parent, value, 4, 0)
#define debugfs_create_x8(name, mode, parent, value) __scullery_debugfs_number(name, mode, parent, value, 1, __DEBUGFS_HEX)
#define debugfs_create_x16(name, mode, parent, value) __scullery_debugfs_number(name, mode, parent, value, 2, __DEBUGFS_HEX)
#define debugfs_create_x32(name, mode, parent, value) __scullery_debugfs_number(name, mode, parent, value, 4, __DEBUGFS_HEX)
#define debugfs_create_x64(name, mode, parent, value) __scullery_debugfs_number(name, mode, parent, value, 8, __DEBUGFS_HEX)
#define debugfs_create_bool(name, mode, parent, value) __scullery_debugfs_number(name, mode, parent, value, 1, __DEBUGFS_BOOL)

/*: 4 A file that shows bytes */
struct debugfs_blob_wrapper { void *data; unsigned long size; };
static inline ssize_t __debugfs_blob_read(struct file *file, char __user *to, size_t count, loff_t *position)
{
	struct debugfs_blob_wrapper *blob = file_inode(file)->i_private;

	return simple_read_from_buffer(to, count, position, blob->data, blob->size);
}
static const struct file_operations __debugfs_blob __maybe_unused = { .read = __debugfs_blob_read, .llseek = default_llseek };
#define debugfs_create_blob(name, mode, parent, blob) debugfs_create_file(name, mode, parent, blob, &__debugfs_blob)
static inline int simple_open(struct inode *inode, struct file *file)
{
	file->private_data = inode->i_private;
	return 0;
}
