# A guest that prints a line on COM1 and leaves: the floor under every boot time. It has no stack and no data segment.

.section .note.floor, "a", @note
.balign 4
    .long 4, 8, 18
    .asciz "Xen"
    .quad floor_entry

.section .text.floor, "ax", @progbits
.code32
.global floor_entry
floor_entry:
    movl $floor_line, %esi
1:  lodsb
    testb %al, %al
    jz 2f
    movw $0x3f8, %dx                                # COM1, as the machine powers it on
    outb %al, %dx
    jmp 1b
2:  movl $0x10, %eax                                # success, for isa-debug-exit
    movw $0xf4, %dx
    outl %eax, %dx
3:  hlt
    jmp 3b
floor_line:
    .asciz "floor\n"
.code64
