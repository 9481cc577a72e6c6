#pragma once

/*: 2 Which Linux the headers are like: 6.6 */
#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + ((c) > 255 ? 255 : (c)))
#define LINUX_VERSION_CODE KERNEL_VERSION(6, 6, 0)
#define UTS_RELEASE "6.6.0-scullery"
