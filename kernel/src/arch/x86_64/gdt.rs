//! Segments and the task-state segment: the little that 64-bit mode still wants of them (SDM vol. 3A, 3.4 and
//! 8.7).

use core::mem::MaybeUninit;

use x86_64::VirtAddr;
use x86_64::instructions::segmentation::{CS, DS, ES, SS, Segment};
use x86_64::instructions::tables::load_tss;
use x86_64::structures::gdt::{Descriptor, GlobalDescriptorTable};
use x86_64::structures::tss::TaskStateSegment;

/// The stack, counted as in an IDT gate minus one, for double faults.
pub const DOUBLE_FAULT_STACK: u8 = 0;
/// The stack for non-maskable interrupts.
pub const NMI_STACK: u8 = 1;

/// The tables of one CPU.
#[derive(Debug)]
pub struct Tables {
    gdt: GlobalDescriptorTable,
    tss: TaskStateSegment,
}

impl Default for Tables {
    fn default() -> Self {
        Tables::new()
    }
}

impl Tables {
    /// Empty tables.
    pub const fn new() -> Self {
        Tables { gdt: GlobalDescriptorTable::new(), tss: TaskStateSegment::new() }
    }

    /// Makes the tables, with the tops of the stacks for double faults and for NMIs, and loads them on this
    /// CPU.
    ///
    /// # Safety
    /// `tables` points to the tables of this CPU, which no other CPU reads or writes, and which live for
    /// ever.
    pub unsafe fn load(tables: *mut MaybeUninit<Tables>, double_fault: u64, nmi: u64) {
        // SAFETY: the caller gives this CPU's own tables.
        let tables: &'static mut MaybeUninit<Tables> = unsafe { &mut *tables };
        let tables = tables.write(Tables::new());
        tables.tss.interrupt_stack_table[DOUBLE_FAULT_STACK as usize] = VirtAddr::new(double_fault);
        tables.tss.interrupt_stack_table[NMI_STACK as usize] = VirtAddr::new(nmi);
        let code = tables.gdt.append(Descriptor::kernel_code_segment());
        let data = tables.gdt.append(Descriptor::kernel_data_segment());
        let task = tables.gdt.append(Descriptor::tss_segment(&tables.tss));
        tables.gdt.load();
        // SAFETY: the descriptor at this index is 64-bit code.
        unsafe { CS::set_reg(code) };
        // SAFETY: the descriptor at this index is writable data.
        unsafe { SS::set_reg(data) };
        // SAFETY: as above.
        unsafe { DS::set_reg(data) };
        // SAFETY: as above.
        unsafe { ES::set_reg(data) };
        // SAFETY: the descriptor at this index is this CPU's available TSS.
        unsafe { load_tss(task) };
    }

    /// Changes the stacks for double faults and NMIs. The CPU reads them from the TSS at each such event.
    ///
    /// # Safety
    /// As for [`load`](Self::load), on a CPU that has loaded its tables.
    pub unsafe fn set_stacks(tables: *mut Tables, double_fault: u64, nmi: u64) {
        // SAFETY: the caller gives this CPU's own tables; the CPU itself only reads the TSS.
        let tables = unsafe { &mut *tables };
        tables.tss.interrupt_stack_table[DOUBLE_FAULT_STACK as usize] = VirtAddr::new(double_fault);
        tables.tss.interrupt_stack_table[NMI_STACK as usize] = VirtAddr::new(nmi);
    }
}
