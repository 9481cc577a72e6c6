# The way of an application processor. Copied to a page below 1 MiB; a start-up IPI with that page's number makes the
# CPU begin here in 16-bit real mode, %cs = page << 8, %ip = 0 (Intel SDM vol. 3A, 9.4.3 and 11.6).
# The last 64 bytes of the page hold what the kernel wants it to load: see struct Handoff in smp.rs. One CPU gets it: the
# first to take HANDOFF_TAKEN. A CPU that comes after the kernel gave up on it, or second, sleeps for ever; until it knows,
# it uses nothing of the kernel's, neither stack nor page tables.

.set HANDOFF,        4096 - 64
.set HANDOFF_CR3,    HANDOFF + 0
.set HANDOFF_STACK,  HANDOFF + 8
.set HANDOFF_ENTRY,  HANDOFF + 16
.set HANDOFF_CPU,    HANDOFF + 24
.set HANDOFF_BASE,   HANDOFF + 32
.set HANDOFF_TAKEN,  HANDOFF + 40

.section .trampoline, "a", @progbits
.code16
.balign 16
.global ap_trampoline_start
ap_trampoline_start:
    cli
    cld
    movw %cs, %ax
    movw %ax, %ds
    movl HANDOFF_BASE, %ebx                         # the physical address of this page
    leal ap_gdt - ap_trampoline_start(%ebx), %eax
    movl %eax, ap_gdt_pointer + 2 - ap_trampoline_start
    leal ap_protected - ap_trampoline_start(%ebx), %eax
    movl %eax, ap_far_pointer - ap_trampoline_start
    leal ap_long - ap_trampoline_start(%ebx), %eax
    movl %eax, ap_far_pointer_long - ap_trampoline_start
    lgdtl ap_gdt_pointer - ap_trampoline_start
    movl $1, %eax                                   # CR0.PE
    movl %eax, %cr0
    ljmpl *(ap_far_pointer - ap_trampoline_start)

.code32
ap_protected:
    movl $0x10, %eax
    movl %eax, %ds
    movl %eax, %ss
    movl $1, %eax
    xchgl %eax, HANDOFF_TAKEN(%ebx)                 # locked by itself; SDM vol. 3A, 9.1.2.1
    testl %eax, %eax
    jnz ap_not_wanted
    movl $(1 << 5), %eax                            # CR4.PAE
    movl %eax, %cr4
    movl HANDOFF_CR3(%ebx), %eax
    movl %eax, %cr3
    movl $0xc0000080, %ecx                          # EFER
    xorl %edx, %edx
    movl $(1 << 8 | 1 << 11), %eax                  # LME, NXE
    wrmsr
    movl $(1 << 31 | 1 << 16 | 1 << 4 | 1 << 1 | 1), %eax   # CR0: PG, WP, ET, MP, PE
    movl %eax, %cr0
    ljmpl *ap_far_pointer_long - ap_trampoline_start(%ebx)

ap_not_wanted:
    cli
    hlt
    jmp ap_not_wanted

.code64
ap_long:
    xorl %eax, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movl %eax, %fs
    movl %eax, %gs
    movl %ebx, %ebx
    movq HANDOFF_STACK(%rbx), %rsp
    movq HANDOFF_CPU(%rbx), %rdi
    movq HANDOFF_ENTRY(%rbx), %rax
    xorl %ebp, %ebp                                 # the end of every backtrace
    pushq $0                                        # a return address that is never used
    jmpq *%rax

.balign 8
ap_gdt:
    .quad 0
    .quad 0x00cf9b000000ffff                        # 0x08: 32-bit code
    .quad 0x00cf93000000ffff                        # 0x10: data
    .quad 0x00af9b000000ffff                        # 0x18: 64-bit code
ap_gdt_pointer:
    .word . - ap_gdt - 1
    .long 0
ap_far_pointer:
    .long 0
    .word 0x08
ap_far_pointer_long:
    .long 0
    .word 0x18
.global ap_trampoline_end
ap_trampoline_end:
.code64
