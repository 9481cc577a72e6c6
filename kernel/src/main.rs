//! The kernel: from the door to a verdict.

#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(not(target_os = "none"))]
fn main() {
    eprintln!("the kernel runs on bare metal only: build it with --target x86_64-unknown-none, or use `cargo run`");
    std::process::exit(2);
}

#[cfg(target_os = "none")]
mod bare_metal {
    use core::panic::PanicInfo;

    use boot::Handoff;
    use bootloader_api::config::Mapping;
    use bootloader_api::{BootInfo, BootloaderConfig};
    use kernel::arch::{apic, entry, exit, paging, percpu, pit, smp, traps};
    use kernel::boot_chart::{self, phase};
    use kernel::console::{com1, com2, panic};
    use kernel::mm::{frames, heap, stacks};
    use kernel::{layout, println, task};

    /// What the BIOS and UEFI loaders are asked for: all physical memory mapped, wherever they like.
    static LOADER_CONFIG: BootloaderConfig = {
        let mut config = BootloaderConfig::new_default();
        config.mappings.physical_memory = Some(Mapping::Dynamic);
        config
    };

    bootloader_api::entry_point!(disk_entry, config = &LOADER_CONFIG);

    /// The door of the disk loaders. Their stack is theirs: change to ours first.
    fn disk_entry(info: &'static mut BootInfo) -> ! {
        // SAFETY: this is the first CPU, and the first use of its stack.
        unsafe { entry::on_boot_stack(core::ptr::from_mut(info).expose_provenance(), disk_main) }
    }

    extern "C" fn disk_main(info: usize) -> ! {
        let info = core::ptr::with_exposed_provenance_mut::<BootInfo>(info);
        // SAFETY: `disk_entry` was given this reference for ever and passed it on here.
        let info = unsafe { &mut *info };
        kernel_entry(Handoff { info, command_line: None, door: "disk" })
    }

    /// Where all doors meet. The first CPU runs alone, in 64-bit mode, on its own stack, with interrupts off.
    #[unsafe(no_mangle)]
    fn kernel_entry(handoff: Handoff) -> ! {
        let top = layout::bsp_stack().end;
        // The fault stacks of the first CPU are set when there is memory; until then any stack must do.
        // SAFETY: once, on the first CPU, before anything asks which CPU this is.
        unsafe { percpu::install(0, top - (32 << 10), top - (32 << 10)) };
        kmain(handoff)
    }

    /// The boot, as a list. From here on everything is safe.
    fn kmain(handoff: Handoff) -> ! {
        boot_chart::start();
        traps::init(); //                                 the IDT
        traps::load();
        pit::start(); //                                  the ruler for the time-stamp counter
        com1::init(); //                                  a console
        println!("Scullery {}", env!("CARGO_PKG_VERSION"));
        com2::init();
        phase("console");
        let info = handoff.info;
        let window = info.physical_memory_offset.into_option().expect("the loader maps physical memory");
        frames::init(&info.memory_regions, window); //    what memory there is
        paging::take_over(&frames::memory()).expect("memory for page tables");
        phase("paging");
        heap::init(None).expect("memory for the heap");
        phase("heap");
        println!("free {} MiB", frames::free_bytes() >> 20);
        let _ = (apic::init as fn(u64) -> _, smp::cpus, stacks::task_stack, task::block, percpu::this_cpu);
        for p in boot_chart::phases() { println!("{} {}", p.name, p.cycles); }
        exit::exit(exit::Exit::Success)
    }

    #[panic_handler]
    fn on_panic(info: &PanicInfo<'_>) -> ! {
        panic::panic(info)
    }
}
