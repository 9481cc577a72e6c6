#pragma once
#define NULL ((void *)0)
/*: 11 How far a member is from the start of its structure */
#define offsetof(type, member) __builtin_offsetof(type, member)
#define sizeof_field(type, member) sizeof(((type *)0)->member)
