#pragma once
#include <linux/types.h>
#include <linux/compiler.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/threads.h>

/*: 8 A variable of which each CPU has its own */
#define DEFINE_PER_CPU(type, name) __typeof__(type) name[NR_CPUS]
#define DECLARE_PER_CPU(type, name) extern __typeof__(type) name[NR_CPUS]
#define per_cpu(name, cpu) (name)[cpu]
#define __get_cpu_var(name) (name)[smp_processor_id()]
#define this_cpu_read(name) (name)[smp_processor_id()]
#define this_cpu_write(name, value) ((name)[smp_processor_id()] = (value))
#define this_cpu_add(name, value) do { preempt_disable(); (name)[smp_processor_id()] += (value); preempt_enable(); } while (0)
#define this_cpu_inc(name) this_cpu_add(name, 1)
#define this_cpu_dec(name) this_cpu_add(name, -1)
#define get_cpu_var(name) (*({ preempt_disable(); &(name)[smp_processor_id()]; }))
#define put_cpu_var(name) preempt_enable()

/*: 8 The number of the CPU, which the task keeps in between */
#define get_cpu() ({ preempt_disable(); smp_processor_id(); })
#define put_cpu() preempt_enable()

/*: 8 The same, allocated: a pointer to the first CPU's, and those of the others behind it */
#define alloc_percpu(type) ((__typeof__(type) *)kcalloc(NR_CPUS, sizeof(type), GFP_KERNEL))
#define free_percpu(pointer) kfree(pointer)
#define per_cpu_ptr(pointer, cpu) ((pointer) + (cpu))
#define this_cpu_ptr(pointer) per_cpu_ptr(pointer, smp_processor_id())
#define get_cpu_ptr(pointer) ({ preempt_disable(); this_cpu_ptr(pointer); })
#define put_cpu_ptr(pointer) preempt_enable()
