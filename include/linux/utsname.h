#pragma once
#include <linux/version.h>
#include <linux/compiler.h>

/*: 11 What the machine is, and which Linux the headers are like */
struct new_utsname { char sysname[65], nodename[65], release[65], version[65], machine[65], domainname[65]; };
struct uts_namespace { struct new_utsname name; };
static const struct uts_namespace init_uts_ns __maybe_unused = { .name = { .sysname = "Linux", .release = UTS_RELEASE, .machine = "x86_64" } };
#define utsname() (&(const struct new_utsname){ .sysname = "Linux", .nodename = "scullery", .release = UTS_RELEASE, .machine = "x86_64" })
