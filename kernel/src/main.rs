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
    use core::cell::Cell;
    use core::panic::PanicInfo;

    use boot::Handoff;
    use bootloader_api::config::Mapping;
    use bootloader_api::{BootInfo, BootloaderConfig};
    use kcore::settings::{
        self, Accel, BUILT, CommandLine, Config, Door, Input, LONGEST_COMMAND_LINE, MachineSettings,
    };

    use kernel::acpi::{self, Cpus};
    use kernel::arch::exit::{self, Exit};
    use kernel::arch::paging::{self, OutOfFrames};
    use kernel::arch::{apic, cpu, features, fw_cfg, percpu, pit, smp, switch, traps};
    use kernel::boot_chart::{self, phase};
    use kernel::console::{com1, com2, log};
    use kernel::frames;
    use kernel::irq::softirq;
    use kernel::kmemleak::clear_stack_below;
    use kernel::mm::{heap, stacks};
    use kernel::oops::last_words;
    use kernel::task::{quiet, schedule, spawn};
    use kernel::tty::input;
    use kernel::{ap, context, estate, layout, oops, println, programs, symbols, time};

    /// How this kernel is built, for a lab that has its file only.
    // SAFETY: the linker's script keeps the section as it is, and nothing else is in it.
    #[used]
    #[unsafe(link_section = ".built")]
    static AS_BUILT: [u8; BUILT.len()] = BUILT;

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
        unsafe { switch::on_boot_stack(core::ptr::from_mut(info).expose_provenance(), disk_main) }
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
        // Until there is memory for stacks of their own, double faults and NMIs use the middle of the boot
        // stack.
        let middle = layout::bsp_stack().end - (32 << 10);
        // SAFETY: once, on the first CPU, before anything asks which CPU this is.
        unsafe { percpu::install(0, context::FREE, middle, middle) };
        kmain(Handed::over(handoff)) //                     memory map, RSDP, command line
    }

    /// The boot, as a list. From here on everything is safe.
    fn kmain(handed: Handed) -> ! {
        features::demand(); //                              a CPU that has all that is used here
        boot_chart::start();
        traps::init(); //                                   the IDT, for all CPUs
        traps::load();
        pit::start(); //                                    a ruler for the time-stamp counter
        com1::init(); //                                    for people
        log::init(); //                                     for dmesg
        println!("Scullery {}", env!("CARGO_PKG_VERSION"));
        com2::init(); //                                    for machines
        phase("console");
        has_room(paging::take_over(symbols::module())); //  our own page tables
        phase("paging");
        let heap_bytes = init_heap(&handed.command_line); //   kmalloc and its ledger
        phase("heap");
        let told = programs::keep(parse(&handed.command_line));
        smp::let_take_turns(told.machine.accel.is_some_and(Accel::is_sequential));
        has_room(stacks::init_first_cpu()); //              stacks for double faults and NMIs
        has_room(spawn::adopt("main")); //                  this code becomes a task
        has_room(spawn::idle_of_first_cpu());
        estate::init(); //                                  what becomes of what a dead task had
        apic::silence_8259(); //                            interrupts come from the APIC alone
        let cpus = find_cpus(handed.rsdp, told.machine.input); // the APIC of this one; what is typed is kept from now on
        if let Some(how) = handed.rsdp.filter(|_| handed.is_alone).and_then(acpi::power_off) {
            exit::switch_off_by(how);
        }
        phase("devices");
        let listed = cpus.as_ref().map_or(1, |cpus| 1 + cpus.others.len() as u32);
        // A prompt does not wait for what is not needed to stand there. What is lent to it lies in this
        // frame, where no search for references looks, and is gone when it has been used.
        let cpus = Cell::new(cpus);
        clear_stack_below();
        programs::main(told, listed, &|machine: &MachineSettings| {
            if let Some(cpus) = cpus.take() {
                start_cpus(&cpus, machine.mute_cpu);
            }
            phase("cpus");
            time::init(); //                                cycles a second, units of the APIC's timer
            has_room(softirq::init()); //                   tasklets, timers, and who runs what is left of them
            cpu::irq_on();
            let door = machine.boot.filter(|_| handed.door == "disk").map_or(handed.door, Door::word);
            boot_chart::report(machine, door, listed, heap_bytes)
        })
    }

    /// Ends the machine where it has not even room for what the boot sets up: what was asked for makes no
    /// sense.
    fn has_room<T, E>(result: Result<T, E>) -> T {
        result.unwrap_or_else(|_| {
            println!(
                "not enough memory for this machine; give it more with --memory, fewer --cpus, or less --heap"
            );
            exit::exit(Exit::Usage)
        })
    }

    /// A command line as it came; one byte more than may be: by that a longer one is known.
    type RawLine = heapless::Vec<u8, { LONGEST_COMMAND_LINE + 1 }>;

    /// What is kept of the hand-off: the loader's own memory is gone once our page tables are in use.
    struct Handed {
        rsdp: Option<u64>,
        command_line: RawLine,
        door: &'static str,
        /// No host has given the machine its words, so none waits for its end either.
        is_alone: bool,
    }

    impl Handed {
        fn over(handoff: Handoff) -> Handed {
            let Handoff { info, command_line, door } = handoff;
            let window = info.physical_memory_offset.into_option().expect("the loader maps physical memory");
            // SAFETY: the loader's own words, once.
            unsafe { frames::init(&info.memory_regions, window) };
            let module = info.ramdisk_addr.into_option();
            let (command_line, is_alone) = match command_line {
                Some(line) => {
                    if let Some(module) = module.and_then(|at| at.checked_sub(window)) {
                        // SAFETY: the loader's map has its modules apart from what it calls usable.
                        unsafe { symbols::init(module..module.saturating_add(info.ramdisk_len)) };
                    }
                    (line.iter().copied().collect(), false)
                }
                None => {
                    let told = fw_cfg::read("opt/org.scullery/cmdline");
                    let is_alone = told.is_none();
                    let of_image = || module.map(|at| command_line_of_image(at, info.ramdisk_len));
                    (told.or_else(of_image).unwrap_or_default(), is_alone)
                }
            };
            Handed { rsdp: info.rsdp_addr.into_option(), command_line, door, is_alone }
        }
    }

    /// The module of a disk image is its command line, a text: `image --command`.
    fn command_line_of_image(at: u64, length: u64) -> RawLine {
        let text = core::ptr::with_exposed_provenance::<u8>(at as usize);
        // SAFETY: the loader of the disk has mapped its module there, and no code writes to it.
        let text = unsafe { core::slice::from_raw_parts(text, length as usize) };
        text.trim_ascii().iter().copied().take(LONGEST_COMMAND_LINE + 1).collect()
    }

    fn init_heap(command_line: &[u8]) -> u64 {
        let wanted = core::str::from_utf8(command_line).ok().and_then(settings::heap_bytes);
        heap::init(wanted).unwrap_or_else(|too_large| {
            println!(
                "scullery: heap: this machine has room for at most {} bytes; give it more with --memory",
                too_large.most
            );
            exit::exit(Exit::Usage)
        })
    }

    fn parse(command_line: &[u8]) -> CommandLine {
        settings::text(command_line)
            .and_then(CommandLine::parse)
            .and_then(|line| line.check().map(|()| line))
            .unwrap_or_else(|usage| {
                println!("scullery: {usage}");
                exit::exit(Exit::Usage)
            })
    }

    /// Asks the firmware for its list of CPUs, sets the APIC of this one up, and has COM1 interrupt it. There
    /// is nothing to start where the list is missing, and in a kernel for one CPU, which lets the others
    /// sleep.
    fn find_cpus(rsdp: Option<u64>, input: Option<Input>) -> Option<Cpus> {
        let cpus = match rsdp.map(acpi::cpus) {
            Some(Ok(cpus)) => Some(cpus),
            Some(Err(error)) => {
                println!("one CPU only: {error}");
                None
            }
            None => {
                println!("one CPU only: the firmware lists none");
                None
            }
        };
        let local_apic = cpus.as_ref().map_or(apic::DEFAULT_ADDRESS, |cpus| cpus.local_apic);
        has_room(apic::init(local_apic));
        time::start();
        has_room(input::receive(cpus.as_ref().map(|cpus| &cpus.madt), input.unwrap_or(Input::Terminal)));
        cpus.filter(|_| Config::OURS.smp())
    }

    fn start_cpus(cpus: &Cpus, mute: Option<u32>) {
        has_room(ap::start(&cpus.others, mute, stack_of, ap_entry, |apic_id| {
            println!("the CPU with APIC id {apic_id} does not answer; going on without it");
        }));
    }

    fn stack_of(cpu: u32) -> Result<spawn::IdleStack, OutOfFrames> {
        stacks::reserve_fault_stacks()?;
        spawn::idle_of(cpu).map_err(|_| OutOfFrames)
    }

    /// The boot of every other CPU: a shorter list.
    extern "C" fn ap_entry(number: u32) -> ! {
        quiet::arrive();
        // SAFETY: once, on a CPU that was just started with this number.
        unsafe { ap::arrive(number) }; //                  its tables, its APIC, its report
        schedule::idle()
    }

    #[panic_handler]
    fn on_panic(info: &PanicInfo<'_>) -> ! {
        oops::panic(info);
        last_words::panic(info)
    }
}
