#pragma once
#include <linux/gfp.h>
#include <linux/fs.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>

/*: 15 What a driver's mmap has to do with: it can be written, but no process here asks for it */
struct page;
struct vm_fault;
typedef unsigned int vm_fault_t;
struct vm_operations_struct {
	void (*open)(struct vm_area_struct *);
	void (*close)(struct vm_area_struct *);
	vm_fault_t (*fault)(struct vm_fault *);
};
struct vm_area_struct {
	unsigned long vm_start, vm_end, vm_pgoff, vm_flags, vm_page_prot;
	const struct vm_operations_struct *vm_ops;
	void *vm_private_data;
	struct file *vm_file;
};
struct vm_fault { struct vm_area_struct *vma; unsigned long address, pgoff; struct page *page; unsigned int flags; };
#define VM_FAULT_OOM 1
#define VM_FAULT_SIGBUS 2
#define VM_FAULT_NOPAGE 0x100
#define virt_to_page(address) ((struct page *)((unsigned long)(address) & PAGE_MASK))
#define vmalloc_to_page(address) virt_to_page(address)
#define page_address(page) ((void *)(page))
#define get_page(page) ((void)(page))
#define put_page(page) ((void)(page))
#define vma_pages(vma) (((vma)->vm_end - (vma)->vm_start) >> PAGE_SHIFT)
