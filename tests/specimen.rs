//! What a spinlock is made of: the kernel's specimens, disassembled.
//!
//! Without other CPUs there is nothing to lock against: no `lock` prefix and no `xchg` with memory, which
//! locks by itself (Intel SDM vol. 3A, 9.1.2.1), neither in the specimens nor in what they call. With other
//! CPUs there must be one, or this test would not see them at all.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use iced_x86::{Decoder, DecoderOptions, Instruction, Mnemonic, OpKind};
use kcore::settings::Config;
use lab::build::{self, Executable};
use lab::profile::Profile;
use object::{Object, ObjectSection, ObjectSymbol, SymbolKind};

const SPECIMENS: [&str; 3] = ["specimen_lock", "specimen_lock_bh", "specimen_lock_irqsave"];

/// Where the path of a lock ends: to let other tasks or softirqs run, when they may again, is their business.
const OTHERS_RUN: [&str; 3] =
    ["kernel::task::schedule::preempt", "kernel::irq::softirq::run", "core::panicking::"];

#[test]
fn a_spinlock_for_one_cpu_has_no_locked_instruction() {
    for config in [Config::Up, Config::Preempt] {
        let kernel = Kernel::built_as(config);
        for specimen in SPECIMENS {
            assert_eq!(kernel.locked_below(specimen), BTreeSet::new(), "{config}: {specimen}");
        }
    }
}

#[test]
fn a_spinlock_for_several_cpus_has_one() {
    for config in [Config::Full, Config::Smp] {
        let kernel = Kernel::built_as(config);
        for specimen in SPECIMENS {
            assert_ne!(kernel.locked_below(specimen), BTreeSet::new(), "{config}: {specimen}");
        }
    }
}

#[test]
fn what_locks_is_recognised() {
    let locks = |bytes: &[u8]| is_locked(&Decoder::with_ip(64, bytes, 0, DecoderOptions::NONE).decode());
    assert!(locks(&[0xf0, 0xff, 0x07]), "lock inc dword [rdi]");
    assert!(locks(&[0x86, 0x07]), "xchg [rdi], al");
    assert!(!locks(&[0xff, 0x07]), "inc dword [rdi]");
    assert!(!locks(&[0x87, 0xc3]), "xchg ebx, eax");
}

/// The functions of a kernel.
struct Kernel {
    /// The bytes of each by its address, and the last of its names: functions that are alike are one.
    functions: BTreeMap<u64, (String, Vec<u8>)>,
    /// The address of each name.
    names: BTreeMap<String, u64>,
    /// Where `.data` begins, and its bytes: in it is the table of the functions that other crates are called
    /// through.
    data: (u64, Vec<u8>),
}

impl Kernel {
    fn built_as(config: Config) -> Self {
        let elf = build::kernel(Executable::Kernel, config, Some(Profile::Release))
            .unwrap_or_else(|failure| panic!("{config}: {failure}"));
        Kernel::of(&elf)
    }

    fn of(elf: &Path) -> Self {
        let bytes = std::fs::read(elf).expect("the kernel was just built");
        let file = object::File::parse(&*bytes).expect("an ELF");
        let text = file.section_by_name(".text").expect("a kernel has code");
        let code = text.data().expect("within the file");
        let functions =
            file.symbols().filter(|symbol| symbol.kind() == SymbolKind::Text && symbol.size() > 0);
        let functions = functions.filter_map(|symbol| {
            let from = symbol.address().checked_sub(text.address())? as usize;
            let bytes = code.get(from..from + symbol.size() as usize)?;
            let name = format!("{:#}", rustc_demangle::demangle(symbol.name().ok()?));
            Some((symbol.address(), (name, bytes.to_vec())))
        });
        let data = file.section_by_name(".data").expect("a kernel has variables");
        let data = (data.address(), data.data().expect("within the file").to_vec());
        let mut kernel = Kernel { functions: BTreeMap::new(), names: BTreeMap::new(), data };
        for (address, (name, bytes)) in functions {
            kernel.names.insert(name.clone(), address);
            kernel.functions.insert(address, (name, bytes));
        }
        kernel
    }

    /// The locked instructions in the function called `name` and in all that it calls, each with its
    /// function.
    fn locked_below(&self, name: &str) -> BTreeSet<String> {
        let begin = *self.names.get(name).unwrap_or_else(|| panic!("there is no {name} in the kernel"));
        let mut locked = BTreeSet::new();
        let (mut seen, mut left) = (BTreeSet::from([begin]), vec![begin]);
        while let Some(address) = left.pop() {
            let (function, bytes) = &self.functions[&address];
            let end = address + bytes.len() as u64;
            for instruction in Decoder::with_ip(64, bytes, address, DecoderOptions::NONE).iter() {
                assert!(!instruction.is_invalid(), "{function} is not code at {:#x}", instruction.ip());
                if is_locked(&instruction) {
                    locked.insert(format!("{:?} in {function}", instruction.mnemonic()));
                }
                let target = self.callee(function, &instruction, address..end);
                left.extend(target.filter(|target| seen.insert(*target)));
            }
        }
        locked
    }

    /// The other function that `instruction` of `function` goes to.
    fn callee(&self, function: &str, instruction: &Instruction, within: std::ops::Range<u64>) -> Option<u64> {
        let target = self.target(function, instruction)?;
        if within.contains(&target) {
            return None;
        }
        let (begin, (name, _)) = self.functions.range(..=target).next_back().expect("a branch goes to code");
        (!OTHERS_RUN.iter().any(|path| name.starts_with(path))).then_some(*begin)
    }

    /// Where `instruction` of `function` goes besides to the next one.
    fn target(&self, function: &str, instruction: &Instruction) -> Option<u64> {
        if instruction.op_count() > 0 && instruction.op0_kind() == OpKind::NearBranch64 {
            return Some(instruction.near_branch64());
        }
        if instruction.mnemonic() != Mnemonic::Call {
            return None;
        }
        // The linker has filled the table in, and it is not written to.
        let slot = instruction.is_ip_rel_memory_operand().then(|| instruction.ip_rel_memory_address());
        let entry =
            slot.and_then(|slot| self.data.1.get(slot.checked_sub(self.data.0)? as usize..)?.first_chunk());
        let target = entry.map(|entry| u64::from_le_bytes(*entry));
        assert!(
            target.is_some(),
            "{function} calls through a pointer: nobody can see from here what that does"
        );
        target
    }
}

/// Whether `instruction` locks the bus, or the cache line, for itself.
fn is_locked(instruction: &Instruction) -> bool {
    let memory = (0..instruction.op_count()).any(|operand| instruction.op_kind(operand) == OpKind::Memory);
    instruction.has_lock_prefix() || (instruction.mnemonic() == Mnemonic::Xchg && memory)
}
