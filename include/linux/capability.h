#pragma once
#include <linux/types.h>

/*: 6 What a user may do besides */
#define CAP_DAC_OVERRIDE 1
#define CAP_NET_ADMIN 12
#define CAP_SYS_MODULE 16
#define CAP_SYS_RAWIO 17
#define CAP_SYS_ADMIN 21
#define CAP_SYS_TTY_CONFIG 26

/*: 6 Whether the process that makes the call may do that */
bool capable(int capability);
