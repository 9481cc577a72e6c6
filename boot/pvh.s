# The PVH door. QEMU finds bsp_pvh_entry in the ELF note and jumps to it (xen/docs/misc/pvh.pandoc):
#   32-bit protected mode, flat segments, paging off, interrupts off, %ebx = physical address of start_info.
# The stub maps memory three times and goes to 64-bit mode:
#   0 (identity, until the jump), PHYS_BASE (all physical memory), KERNEL_BASE (the kernel where it was linked).
# Until then each address must be made physical: symbol - KERNEL_BASE.
# A CPU that lacks what this way takes, or what compiled code does, is refused by name on COM1. All else that the kernel
# needs is looked for in features.rs.

.set KERNEL_BASE, 0xffffffff80000000

.set CR0_PE,     1 << 0          # protected mode
.set CR0_MP,     1 << 1
.set CR0_ET,     1 << 4
.set CR0_WP,     1 << 16         # read-only pages bind the kernel too
.set CR0_PG,     1 << 31         # paging
.set CR4_PAE,    1 << 5          # page tables of 64-bit entries
.set EFER,       0xc0000080
.set GS_BASE,    0xc0000101
.set EFER_LME,   1 << 8          # long mode
.set COM1,       0x3f8
.set COM1_STATUS, COM1 + 5
.set COM1_EMPTY, 1 << 5          # the next byte may be written
.set COM1_PATIENCE, 100000       # a port that never gets ready must not keep the machine from ending
.set EXIT,       0xf4            # QEMU's isa-debug-exit: the status of exit.rs
.set EXIT_USAGE, 0x12
.set PAGE_RW,    0x003           # present, writable
.set PAGE_2M_RW, 0x083           # present, writable, 2 MiB

# struct { namesz, descsz, type, name, desc }; XEN_ELFNOTE_PHYS32_ENTRY is 18.
.section .note.pvh, "a", @note
.balign 4
    .long 4, 8, 18
    .asciz "Xen"
    .quad bsp_pvh_entry - KERNEL_BASE

.section .text.boot, "ax", @progbits
.code32
.balign 16
.global bsp_pvh_entry
bsp_pvh_entry:
    cld
    movl $(BSP_STACK_TOP - KERNEL_BASE), %esp
    movl %ebx, %ebp                                 # CPUID writes %ebx
    movl $(bsp_needs - KERNEL_BASE), %edi
bsp_check_cpu:                                      # SDM vol. 2A, CPUID: both leaves tell by bits of %edx
    movl (%edi), %eax
    testl %eax, %eax
    jz bsp_cpu_will_do
    andl $0x80000000, %eax                          # the highest leaf of this range: of a higher one, any bits come
    cpuid
    cmpl (%edi), %eax
    jb bsp_refuse
    movl (%edi), %eax
    cpuid
    testl 4(%edi), %edx
    jz bsp_refuse
    addl $12, %edi
    jmp bsp_check_cpu

bsp_refuse:
    movl $(bsp_refusal - KERNEL_BASE), %esi
    call bsp_print
    movl 8(%edi), %esi
    call bsp_print
    movl $EXIT_USAGE, %eax
    outl %eax, $EXIT
1:  cli
    hlt
    jmp 1b

bsp_print:                                          # the text at %esi, up to a zero
    movl $COM1_PATIENCE, %ecx
    movl $COM1_STATUS, %edx
1:  inb %dx, %al
    testb $COM1_EMPTY, %al
    loopz 1b
    lodsb
    testb %al, %al
    jz 2f
    movl $COM1, %edx
    outb %al, %dx
    jmp bsp_print
2:  ret

bsp_cpu_will_do:
    movl %ebp, %ebx
    movl $(bsp_pml4 - KERNEL_BASE), %edi

bsp_fill_tables:                                    # tables: pml4, pdpt_low, pdpt_high, 4 x pd
    leal 0x1000 + PAGE_RW(%edi), %eax
    movl %eax, (%edi)                               # pml4[0]   -> pdpt_low   identity
    movl %eax, 256 * 8(%edi)                        # pml4[256] -> pdpt_low   PHYS_BASE
    leal 0x2000 + PAGE_RW(%edi), %eax
    movl %eax, 511 * 8(%edi)                        # pml4[511] -> pdpt_high
    leal 0x3000 + PAGE_RW(%edi), %eax
    movl %eax, 0x2000 + 510 * 8(%edi)               # pdpt_high[510] -> pd 0  KERNEL_BASE
    movl %eax, 0x1000(%edi)                         # pdpt_low[0..4] -> pd 0..4
    addl $0x1000, %eax
    movl %eax, 0x1008(%edi)
    addl $0x1000, %eax
    movl %eax, 0x1010(%edi)
    addl $0x1000, %eax
    movl %eax, 0x1018(%edi)
    leal 0x3000(%edi), %edx
    movl $PAGE_2M_RW, %eax
    movl $2048, %ecx                                # 4 GiB in pages of 2 MiB
1:  movl %eax, (%edx)
    addl $0x200000, %eax
    addl $8, %edx
    decl %ecx
    jnz 1b

bsp_long_mode_on:
    movl %edi, %cr3
    movl $CR4_PAE, %eax
    movl %eax, %cr4
    movl $EFER, %ecx
    xorl %edx, %edx
    movl $EFER_LME, %eax                            # no page of these tables forbids execution
    wrmsr
    movl $(CR0_PG | CR0_WP | CR0_ET | CR0_MP | CR0_PE), %eax
    movl %eax, %cr0
    lgdt bsp_gdt_pointer - KERNEL_BASE
    ljmp $0x08, $(bsp_long_mode - KERNEL_BASE)

.code64
bsp_long_mode:
    movabsq $bsp_high, %rax
    jmpq *%rax
bsp_high:                                           # from here on at the linked address
    xorl %eax, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movl %eax, %fs
    movl %eax, %gs
    leaq bsp_gdt(%rip), %rax                        # until the kernel has a block for each CPU, GS leads to zeros:
    movq %rax, %rdx                                 # a panic that asks which CPU this is learns that it is CPU 0
    shrq $32, %rdx
    movl $GS_BASE, %ecx
    wrmsr
    leaq BSP_STACK_TOP(%rip), %rsp
    xorl %ebp, %ebp                                 # the end of every backtrace
    movl %ebx, %edi
    call pvh_start
    ud2

.balign 8
bsp_gdt:
    .quad 0                                         # the null descriptor
    .quad 0x00af9b000000ffff                        # 64-bit code, ring 0
bsp_gdt_pointer:
    .word . - bsp_gdt - 1
    .quad bsp_gdt - KERNEL_BASE

# struct { leaf, bits of %edx, name }; leaf 0 is the end. The names are QEMU's, as in -cpu qemu64,-nx.
.balign 4
bsp_needs:
    .long 1, 1 << 5, bsp_msr - KERNEL_BASE
    .long 1, 1 << 6, bsp_pae - KERNEL_BASE
    .long 1, 1 << 15, bsp_cmov - KERNEL_BASE
    .long 0x80000001, 1 << 29, bsp_lm - KERNEL_BASE
    .long 0
bsp_refusal: .asciz "Scullery needs a CPU that has "
bsp_msr:     .asciz "model-specific registers (msr)\n"
bsp_pae:     .asciz "physical address extension (pae)\n"
bsp_cmov:    .asciz "conditional moves (cmov)\n"
bsp_lm:      .asciz "64-bit mode (lm)\n"

.section .bss.boot, "aw", @nobits
.balign 4096
bsp_pml4:
    .skip 7 * 4096

# The stack of the first CPU, with a page below it that the kernel unmaps.
.global BSP_STACK_GUARD
BSP_STACK_GUARD:
    .skip 4096
    .skip 64 * 1024
.global BSP_STACK_TOP
BSP_STACK_TOP:
