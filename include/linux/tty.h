#pragma once
#include <linux/sched.h>

/*: 6 The number of a terminal */
static inline dev_t tty_devnum(struct tty_struct *tty) { return tty->device; }
