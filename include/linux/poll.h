#pragma once
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/fs.h>
#include <linux/uaccess.h>

/*: 6 What can be done with a file without sleeping */
#define POLLIN 0x0001
#define POLLPRI 0x0002
#define POLLOUT 0x0004
#define POLLERR 0x0008
#define POLLHUP 0x0010
#define POLLRDNORM 0x0040
#define POLLRDBAND 0x0080
#define POLLWRNORM 0x0100
#define POLLWRBAND 0x0200
#define EPOLLIN POLLIN
#define EPOLLPRI POLLPRI
#define EPOLLOUT POLLOUT
#define EPOLLERR POLLERR
#define EPOLLHUP POLLHUP
#define EPOLLRDNORM POLLRDNORM
#define EPOLLWRNORM POLLWRNORM

/*: 6 A wake-up of the queue has the file asked again */
typedef struct poll_table_struct poll_table;
void poll_wait(struct file *file, struct wait_queue_head *queue, poll_table *table);
