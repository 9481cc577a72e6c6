//! Every function that the kernel offers to a module. What each means stands in `include/`, where it is
//! declared; `docs/API.md` is made of that.

/// Gives the names to the macro `$with`: the kernel's, which knows their addresses, or [`ALL`].
#[macro_export]
macro_rules! offered_names {
    ($with:ident) => {
        $with! {
            printk vprintk sprintf sscanf snprintf scnprintf vsprintf vsnprintf vscnprintf panic dump_stack might_sleep
            __scullery_bug __scullery_warn
            kstrtoull kstrtoll kstrtobool simple_strtoul simple_strtol
            memset memcpy memmove memcmp memchr
            strlen strnlen strcpy strncpy strlcpy strscpy strcat strncat strcmp strncmp strcasecmp strncasecmp
            strchr strrchr strstr strsep strim skip_spaces sysfs_streq
            kmalloc krealloc kfree ksize kmalloc_array kstrdup kstrndup kmemdup __get_free_pages free_pages
            kmem_cache_create kmem_cache_alloc kmem_cache_free kmem_cache_destroy vmalloc vzalloc vfree
            proc_create proc_create_data proc_mkdir remove_proc_entry proc_remove pde_data
            seq_open seq_read seq_lseek seq_release single_open single_release seq_printf seq_puts seq_putc
            copy_to_user copy_from_user clear_user strncpy_from_user strnlen_user __scullery_access_ok
            try_module_get module_put module_refcount
            register_chrdev_region alloc_chrdev_region unregister_chrdev_region register_chrdev unregister_chrdev
            cdev_init cdev_alloc cdev_add cdev_del kobject_set_name
            nonseekable_open stream_open no_llseek noop_llseek default_llseek fixed_size_llseek
            simple_read_from_buffer simple_write_to_buffer poll_wait fasync_helper kill_fasync
            __mutex_init mutex_lock mutex_lock_interruptible mutex_lock_killable mutex_trylock mutex_unlock
            mutex_is_locked
            __sema_init down down_interruptible down_killable down_trylock down_timeout up
            __init_completion reinit_completion wait_for_completion wait_for_completion_interruptible
            wait_for_completion_killable wait_for_completion_timeout try_wait_for_completion completion_done
            complete complete_all
            get_random_bytes get_random_u64
            __spin_lock_init spin_lock spin_unlock spin_trylock spin_is_locked __spin_lock_irqsave
            spin_unlock_irqrestore spin_lock_irq spin_unlock_irq spin_lock_bh spin_unlock_bh
            __scullery_irq_save __scullery_irq_restore preempt_disable preempt_enable preempt_count __scullery_in
            __init_waitqueue_head prepare_to_wait finish_wait add_wait_queue remove_wait_queue __wake_up
            waitqueue_active __scullery_wait __scullery_wait_end
            __scullery_current __scullery_set_state __scullery_signal_pending __scullery_cpu __scullery_cpus capable
            schedule schedule_timeout schedule_timeout_interruptible schedule_timeout_uninterruptible cond_resched
            wake_up_process
            add_wait_queue_exclusive prepare_to_wait_exclusive
            __rwlock_init __read_lock __read_unlock __write_lock __write_unlock read_lock_bh read_unlock_bh write_lock_bh
            write_unlock_bh __read_lock_irqsave read_unlock_irqrestore __write_lock_irqsave write_unlock_irqrestore
            __init_rwsem down_read down_read_trylock up_read down_write down_write_trylock up_write downgrade_write
            synchronize_rcu __scullery_kfree_rcu
            __timer_setup add_timer add_timer_on mod_timer timer_delete timer_delete_sync timer_pending
            __tasklet_init tasklet_schedule tasklet_disable tasklet_enable tasklet_kill
            queue_work queue_delayed_work mod_delayed_work flush_work flush_delayed_work flush_workqueue cancel_work
            cancel_work_sync cancel_delayed_work cancel_delayed_work_sync work_pending work_busy destroy_workqueue
            __scullery_queue __scullery_delayed
            __scullery_kthread kthread_should_stop kthread_stop kthread_exit kthread_complete_and_exit
            request_irq free_irq synchronize_irq disable_irq disable_irq_nosync enable_irq probe_irq_on probe_irq_off
            __scullery_interrupt inb outb
            ktime_get
            __class_create class_destroy device_create device_destroy misc_register misc_deregister
            debugfs_create_dir debugfs_create_file debugfs_remove __scullery_debugfs_number
            kobject_create_and_add kobject_put sysfs_create_file sysfs_remove_file sysfs_create_group
            sysfs_remove_group
            jiffies msleep msleep_interruptible usleep_range udelay
            __stack_chk_guard __stack_chk_fail
            __tsan_init __tsan_func_entry __tsan_func_exit
            __tsan_read1 __tsan_read2 __tsan_read4 __tsan_read8 __tsan_read16
            __tsan_write1 __tsan_write2 __tsan_write4 __tsan_write8 __tsan_write16
            __tsan_unaligned_read2 __tsan_unaligned_read4 __tsan_unaligned_read8 __tsan_unaligned_read16
            __tsan_unaligned_write2 __tsan_unaligned_write4 __tsan_unaligned_write8 __tsan_unaligned_write16
            __tsan_read_range __tsan_write_range __tsan_memset __tsan_memcpy __tsan_memmove
            __tsan_atomic_thread_fence __tsan_atomic_signal_fence
            __tsan_atomic8_load __tsan_atomic16_load __tsan_atomic32_load __tsan_atomic64_load
            __tsan_atomic8_store __tsan_atomic16_store __tsan_atomic32_store __tsan_atomic64_store
            __tsan_atomic8_exchange __tsan_atomic16_exchange __tsan_atomic32_exchange __tsan_atomic64_exchange
            __tsan_atomic8_fetch_add __tsan_atomic16_fetch_add __tsan_atomic32_fetch_add __tsan_atomic64_fetch_add
            __tsan_atomic8_fetch_sub __tsan_atomic16_fetch_sub __tsan_atomic32_fetch_sub __tsan_atomic64_fetch_sub
            __tsan_atomic8_fetch_and __tsan_atomic16_fetch_and __tsan_atomic32_fetch_and __tsan_atomic64_fetch_and
            __tsan_atomic8_fetch_or __tsan_atomic16_fetch_or __tsan_atomic32_fetch_or __tsan_atomic64_fetch_or
            __tsan_atomic8_fetch_xor __tsan_atomic16_fetch_xor __tsan_atomic32_fetch_xor __tsan_atomic64_fetch_xor
            __tsan_atomic8_compare_exchange_strong __tsan_atomic16_compare_exchange_strong
            __tsan_atomic32_compare_exchange_strong __tsan_atomic64_compare_exchange_strong
            __tsan_atomic8_compare_exchange_val __tsan_atomic16_compare_exchange_val
            __tsan_atomic32_compare_exchange_val __tsan_atomic64_compare_exchange_val
        }
    };
}

macro_rules! texts {
    ($($name:ident)+) => { &[$(stringify!($name)),+] };
}

/// All of them.
pub const ALL: &[&str] = offered_names!(texts);

/// Whether a name is one of them.
pub fn is_offered(name: &str) -> bool {
    ALL.contains(&name)
}
