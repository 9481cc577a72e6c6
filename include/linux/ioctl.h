#pragma once

/*: 6 The number of an ioctl command: direction, size of the argument, letter of the driver, number */
#define _IOC_NONE 0U
#define _IOC_WRITE 1U
#define _IOC_READ 2U
#define _IOC_NRBITS 8
#define _IOC_TYPEBITS 8
#define _IOC_SIZEBITS 14
#define _IOC(dir, type, nr, size) \
	(((unsigned int)(dir) << 30) | ((unsigned int)(size) << 16) | ((unsigned int)(type) << 8) | (unsigned int)(nr))
#define _IO(type, nr) _IOC(_IOC_NONE, type, nr, 0)
#define _IOR(type, nr, argument) _IOC(_IOC_READ, type, nr, sizeof(argument))
#define _IOW(type, nr, argument) _IOC(_IOC_WRITE, type, nr, sizeof(argument))
#define _IOWR(type, nr, argument) _IOC(_IOC_READ | _IOC_WRITE, type, nr, sizeof(argument))

/*: 6 Its parts */
#define _IOC_DIR(cmd) (((cmd) >> 30) & 3)
#define _IOC_SIZE(cmd) (((cmd) >> 16) & 0x3fff)
#define _IOC_TYPE(cmd) (((cmd) >> 8) & 0xff)
#define _IOC_NR(cmd) ((cmd) & 0xff)
