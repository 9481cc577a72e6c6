#pragma once
#include <linux/uidgid.h>
#include <linux/capability.h>
#include <linux/sched.h>

/*: 6 As which user the process acts that makes the call */
struct cred { kuid_t uid, euid; kgid_t gid, egid; };
#define current_cred() (current->cred)
#define current_uid() (current->cred->uid)
#define current_euid() (current->cred->euid)
#define current_gid() (current->cred->gid)
#define current_user_ns() NULL
