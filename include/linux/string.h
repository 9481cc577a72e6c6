#pragma once
#include <linux/types.h>

/*: 11 Bytes, as in C */
void *memset(void *to, int byte, size_t size);
void *memcpy(void *to, const void *from, size_t size);
void *memmove(void *to, const void *from, size_t size);
int memcmp(const void *a, const void *b, size_t size);
void *memchr(const void *in, int byte, size_t size);

/*: 11 Text, as in C, and copies that never write more than size */
size_t strlen(const char *text);
size_t strnlen(const char *text, size_t most);
char *strcpy(char *to, const char *from);
char *strncpy(char *to, const char *from, size_t size);
size_t strlcpy(char *to, const char *from, size_t size);
ssize_t strscpy(char *to, const char *from, size_t size);
char *strcat(char *to, const char *from);
char *strncat(char *to, const char *from, size_t most);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t most);
int strcasecmp(const char *a, const char *b);
int strncasecmp(const char *a, const char *b, size_t most);
char *strchr(const char *in, int c);
char *strrchr(const char *in, int c);
char *strstr(const char *in, const char *what);
char *strsep(char **rest, const char *ends);
#define strcspn(text, ends) ({ \
	const char *__text = (text), *__ends = (ends); \
	size_t __length = 0; \
	while (__text[__length] && !strchr(__ends, __text[__length])) \
		__length++; \
	__length; })
char *strim(char *text);
char *skip_spaces(const char *text);
#define strstrip(text) strim(text)
bool sysfs_streq(const char *a, const char *b);
