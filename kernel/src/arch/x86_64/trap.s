# One stub for each vector: push what the CPU did not push, then the common path. SDM vol. 3A, 6.13 and 6.15.
# %macro-free: each stub is 16 bytes, so stub N is at trap_stubs + 16 * N.

.section .text
.balign 16
.global trap_stubs
trap_stubs:
.set vector, 0
.rept 256
    .balign 16
    .if (vector == 8) || (vector >= 10 && vector <= 14) || (vector == 17) || (vector == 21) || (vector == 29) || (vector == 30)
        # The CPU has pushed an error code.
    .else
        push 0
    .endif
    push vector
    jmp trap_common
    .set vector, vector + 1
.endr

.balign 16
trap_common:                                # the stack now ends in struct TrapFrame of traps.rs
    push rax
    push rcx
    push rdx
    push rbx
    push rbp
    push rsi
    push rdi
    push r8
    push r9
    push r10
    push r11
    push r12
    push r13
    push r14
    push r15
    cld
    mov rdi, rsp
    mov rbx, rsp
    and rsp, -16                            # the ABI's alignment, whatever the interrupted code had
    call trap_dispatch
    mov rsp, rbx
    pop r15
    pop r14
    pop r13
    pop r12
    pop r11
    pop r10
    pop r9
    pop r8
    pop rdi
    pop rsi
    pop rbp
    pop rbx
    pop rdx
    pop rcx
    pop rax
    add rsp, 16                             # vector and error code
    iretq
