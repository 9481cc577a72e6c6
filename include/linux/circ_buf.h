#pragma once

/*: 5 A ring of bytes whose size is a power of two: how much there is and how much fits, in all and up to its end */
struct circ_buf { char *buf; int head, tail; };
#define CIRC_CNT(head, tail, size) (((head) - (tail)) & ((size) - 1))
#define CIRC_SPACE(head, tail, size) CIRC_CNT(tail, (head) + 1, size)
#define CIRC_CNT_TO_END(head, tail, size) ({ \
	int __end = (size) - (tail), __count = ((head) + __end) & ((size) - 1); __count < __end ? __count : __end; })
#define CIRC_SPACE_TO_END(head, tail, size) ({ \
	int __last = (size) - 1 - (head), __room = (__last + (tail)) & ((size) - 1); __room <= __last ? __room : __last + 1; })
