//! A test's own machine, which is the host's but for what the test says.

/// The functions of [`Cpu`](crate::machine::Cpu) and [`Sched`](crate::machine::Sched) that a test's machine
/// leaves to the [`HostMachine`](super::HostMachine): to be used in its `impl` of them, beside those that it
/// has itself. Both traits are to be in scope.
#[macro_export]
macro_rules! as_host {
    ($($function:ident),* $(,)?) => { $($crate::as_host!(@$function);)* };
    (@Flag) => {
        type Flag = ::core::sync::atomic::AtomicBool;
        $crate::as_host!(@Word);
    };
    (@Word) => { type Word = ::core::sync::atomic::AtomicUsize; };
    (@cpu) => { fn cpu() -> $crate::machine::CpuId { $crate::host::HostMachine::cpu() } };
    (@irq_save) => { fn irq_save() -> bool { $crate::host::HostMachine::irq_save() } };
    (@irq_restore) => {
        fn irq_restore(were_on: bool) { $crate::host::HostMachine::irq_restore(were_on); }
    };
    (@relax) => { fn relax() { $crate::host::HostMachine::relax(); } };
    (@cycles) => { fn cycles() -> u64 { $crate::host::HostMachine::cycles() } };
    (@task) => { fn task() -> $crate::machine::TaskId { $crate::host::HostMachine::task() } };
    (@block) => { fn block() { $crate::host::HostMachine::block(); } };
    (@block_until) => {
        fn block_until(deadline: u64) { $crate::host::HostMachine::block_until(deadline); }
    };
    (@wake) => {
        fn wake(task: $crate::machine::TaskId) { $crate::host::HostMachine::wake(task); }
    };
    (@yield_now) => { fn yield_now() { $crate::host::HostMachine::yield_now(); } };
}
