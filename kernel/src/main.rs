//! The kernel: from the door to a verdict.

#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(not(target_os = "none"))]
fn main() {
    eprintln!(
        "the kernel runs on bare metal only: build it with --target x86_64-unknown-none, or use `cargo run`"
    );
    std::process::exit(2);
}

#[cfg(target_os = "none")]
mod bare_metal {
    use core::panic::PanicInfo;

    use boot::Handoff;
    use bootloader_api::config::Mapping;
    use bootloader_api::{BootInfo, BootloaderConfig};
    use kcore::settings::{Config, Settings, Usage};
    use kernel::arch::exit::{self, Exit};
    use kernel::arch::paging::{self, OutOfFrames};
    use kernel::arch::{apic, cpu, entry, fw_cfg, percpu, pit, smp, traps};
    use kernel::boot_chart::{self, phase};
    use kernel::console::{com1, com2, panic};
    use kernel::irq::softirq;
    use kernel::mm::{frames, heap, stacks};
    use kernel::task::{quiet, schedule, spawn};
    use kernel::{acpi, context, layout, oops, println, programs, symbols, time};

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
        // Until there is memory for stacks of their own, double faults and NMIs use the middle of the boot stack.
        let middle = layout::bsp_stack().end - (32 << 10);
        // SAFETY: once, on the first CPU, before anything asks which CPU this is.
        unsafe { percpu::install(0, context::FREE, middle, middle) };
        kmain(handoff)
    }

    /// The boot, as a list. From here on everything is safe.
    fn kmain(handoff: Handoff) -> ! {
        boot_chart::start();
        traps::init(); //                                   the IDT, for all CPUs
        traps::load();
        pit::start(); //                                    a ruler for the time-stamp counter
        com1::init(); //                                    for people
        println!("Scullery {}", env!("CARGO_PKG_VERSION"));
        com2::init(); //                                    for machines
        phase("console");
        let handed = Handed::over(handoff); //              memory map, RSDP, command line
        paging::take_over(&frames::memory()).expect(NO_MEMORY);
        phase("paging");
        let heap_bytes = init_heap(&handed.command_line); //   kmalloc and its ledger
        phase("heap");
        let settings = parse(&handed.command_line);
        stacks::init_first_cpu().expect(NO_MEMORY); //      stacks for double faults and NMIs
        spawn::adopt("main").expect(NO_MEMORY); //          this code becomes a task
        spawn::idle_of_first_cpu().expect(NO_MEMORY);
        apic::silence_8259(); //                            interrupts come from the APIC alone
        let cpus_expected = start_cpus(handed.rsdp, settings.mute_cpu);
        phase("cpus");
        time::init(); //                                    cycles a second, units of the APIC's timer
        softirq::init().expect(NO_MEMORY); //               tasklets, timers, and who runs what is left of them
        cpu::irq_on();
        let door = settings.boot.as_deref().filter(|_| handed.door == "disk").unwrap_or(handed.door);
        let boot = boot_chart::report(&settings, door, cpus_expected, heap_bytes);
        programs::main(&settings, &boot)
    }

    /// Why a boot without which nothing goes on cannot fail otherwise.
    const NO_MEMORY: &str = "not enough memory to boot; give the machine more: --memory 32M";

    /// What is kept of the hand-off: the loader's own memory is gone once our page tables are in use.
    struct Handed {
        rsdp: Option<u64>,
        command_line: fw_cfg::Contents,
        door: &'static str,
    }

    impl Handed {
        fn over(handoff: Handoff) -> Handed {
            let Handoff { info, command_line, door } = handoff;
            let window = info.physical_memory_offset.into_option().expect("the loader maps physical memory");
            frames::init(&info.memory_regions, window);
            // A disk loader maps its modules elsewhere; there is none.
            if let Some(module) = info.ramdisk_addr.into_option().and_then(|at| at.checked_sub(window)) {
                symbols::init(module..module.saturating_add(info.ramdisk_len));
            }
            let command_line = match command_line {
                Some(line) => line.bytes().collect(),
                None => fw_cfg::read("opt/org.scullery/cmdline").unwrap_or_default(),
            };
            Handed { rsdp: info.rsdp_addr.into_option(), command_line, door }
        }
    }

    fn init_heap(command_line: &[u8]) -> u64 {
        let wanted = core::str::from_utf8(command_line).ok().and_then(kcore::settings::heap_bytes);
        heap::init(wanted).unwrap_or_else(|too_large| {
            println!(
                "heap: this machine has room for at most {} bytes; give it more with --memory",
                too_large.most
            );
            exit::exit(Exit::Usage)
        })
    }

    fn parse(command_line: &[u8]) -> Settings {
        let line =
            core::str::from_utf8(command_line).map_err(|_| Usage::new("the command line is not UTF-8"));
        line.and_then(Settings::parse)
            .and_then(|settings| settings.check().map(|()| settings))
            .unwrap_or_else(|usage| {
                println!("{usage}");
                exit::exit(Exit::Usage)
            })
    }

    /// Starts the other CPUs; returns how many the firmware lists. A kernel for one CPU lets the others sleep.
    fn start_cpus(rsdp: Option<u64>, mute: Option<u32>) -> u32 {
        let cpus = rsdp.ok_or(None).and_then(|rsdp| acpi::cpus(rsdp).map_err(Some));
        let cpus = match cpus {
            Ok(cpus) => cpus,
            Err(error) => {
                match error {
                    Some(error) => println!("one CPU only: {error}"),
                    None => println!("one CPU only: the firmware lists none"),
                }
                apic::init(apic::DEFAULT_ADDRESS).expect(NO_MEMORY);
                time::start();
                return 1;
            }
        };
        apic::init(cpus.local_apic).expect(NO_MEMORY);
        time::start();
        if !Config::OURS.smp() {
            return 1;
        }
        smp::start(&cpus.others, mute, stack_of, ap_entry, |apic_id| {
            println!("the CPU with APIC id {apic_id} does not answer; going on without it");
        })
        .expect(NO_MEMORY);
        com1::receive(&cpus.madt).expect(NO_MEMORY);
        1 + cpus.others.len() as u32
    }

    fn stack_of(cpu: u32) -> Result<u64, OutOfFrames> {
        stacks::reserve_fault_stacks()?;
        spawn::idle_of(cpu).map_err(|_| OutOfFrames)
    }

    /// The boot of every other CPU: a shorter list.
    extern "C" fn ap_entry(number: u32) -> ! {
        quiet::arrive();
        // SAFETY: once, on a CPU that was just started with this number.
        unsafe { smp::arrive(number) }; //                  its tables, its APIC, its report
        schedule::idle()
    }

    #[panic_handler]
    fn on_panic(info: &PanicInfo<'_>) -> ! {
        oops::panic(info);
        panic::panic(info)
    }
}
