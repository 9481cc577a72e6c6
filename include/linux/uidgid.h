#pragma once
#include <linux/types.h>

/*: 6 A user, a group */
typedef struct { uid_t val; } kuid_t;
typedef struct { gid_t val; } kgid_t;
#define KUIDT_INIT(value) ((kuid_t){ value })
#define KGIDT_INIT(value) ((kgid_t){ value })
#define GLOBAL_ROOT_UID KUIDT_INIT(0)
#define GLOBAL_ROOT_GID KGIDT_INIT(0)
static inline bool uid_eq(kuid_t a, kuid_t b) { return a.val == b.val; }
static inline uid_t __kuid_val(kuid_t uid) { return uid.val; }
#define from_kuid(namespace, uid) ((uid).val)
