#!/usr/bin/env bash
#
# Boots a kernel ELF in QEMU. The one file that knows QEMU's flags and exit codes.
#
#   qemu-run.sh [OPTIONS] ELF [WORD]...
#
# The words are the kernel's command line, as in
#
#   qemu-run.sh target/x86_64-unknown-none/release/kernel run scull-leak lock=none cpus=2
#
# These keys also say what machine to build. All words are passed on to the kernel.
#
#   machine=  microvm (default), q35, pc
#   accel=    tcg (default: one host thread a CPU), tcg-single, icount (repeatable), kvm
#   cpu=      the model of the CPUs, and what it is to have or to lack, as QEMU has it: qemu64, max,-smap (default max)
#   qemu=     the QEMU to run (default qemu-system-x86_64)
#   cpus=     1 to 64 (default 4)
#   memory=   128M
#   timeout=  seconds (default 60; none for a shell without a script). Those in which the host does not let the machine run
#             do not count. With the word `test` and --json they count from the last record on
#   columns=  how wide the terminal is (for the shell, and asked of stdin when that is one)
#   input=    what a shell's COM1 is connected with: terminal, pipe, none (asked of stdin)
#   boot=     pvh (default: the ELF itself), bios, uefi (both: a disk image, on q35)
#   acpi=     on (default), off (microvm, pc): without its tables the kernel finds one CPU only
#
# Options, before the ELF:
#
#   --verbose      print QEMU's command line on stderr
#   --gdb          stop before the first instruction and wait for gdb on port 1234; no time limit unless one is given
#   --json FILE    where COM2, the machine-readable report, goes (default: nowhere)
#   --image FILE   the disk image of boot=bios and boot=uefi
#   --script FILE  what the shell is to do instead of asking
#   --arguments FILE  its name and its arguments, with a zero after each
#   --mount FILE   what the shell shows at /mnt: files in one, as kcore/src/bundle.rs puts them
#   --symbols FILE the table from which the kernel names its own functions and lines. With boot=pvh, and 32M of
#                  memory or more: else it goes without
#   --tied         end the machine when the process that started this script is gone
#
# COM1 is stdin and stdout. With the word `shell`, a terminal on stdin is raw, so that all keys but those of the terminal
# itself reach the guest, Ctrl-C too; without it a terminal is left alone, and nothing is typed. Exit status:
#
#   0 as expected   1 unexpected verdict   2 usage   3 panic or exception   4 time limit   5 no machine, or it died
#
# Written for bash 3.2 (macOS). Nothing is forked before QEMU starts, except for the shell and where stderr is a terminal, so
# this costs a few milliseconds.

# The braces have bash read all of it before it does any of it: a change of this file is none for the machines that run.
{

set -u

QEMU=qemu-system-x86_64

usage() {
    printf 'qemu-run.sh: %s\n' "$1" >&2
    exit 2
}

dead() {
    printf 'qemu-run.sh: %s\n' "$1" >&2
    exit 5
}

# ---- What is asked for ----------------------------------------------------------------------------------------------

verbose=no gdb=no tied=no json='' image='' script='' arguments='' mount='' symbols=''
while [ $# -gt 0 ]; do
    case $1 in
    --verbose) verbose=yes ;;
    --gdb) gdb=yes ;;
    --tied) tied=yes ;;
    --json | --image | --script | --arguments | --mount | --symbols)
        [ $# -ge 2 ] || usage "$1 needs a file"
        case $1 in
        --json) json=$2 ;;
        --image) image=$2 ;;
        --script) script=$2 ;;
        --arguments) arguments=$2 ;;
        --mount) mount=$2 ;;
        --symbols) symbols=$2 ;;
        esac
        shift
        ;;
    --*) usage "unknown option '$1'; valid: --verbose, --gdb, --tied, --json, --image, --script, --arguments, --mount, --symbols FILE" ;;
    *) break ;;
    esac
    shift
done
[ $# -ge 1 ] || usage 'which kernel? Usage: qemu-run.sh [OPTIONS] ELF [WORD]...'
elf=$1
shift

cpu=max cpu_given=no qemu_given=no machine='' accel='' cpus=4 memory=128M timeout='' boot=pvh acpi=on shell=no cases=no columns='' input='' cmdline=''
for word; do
    value=${word#*=}
    case $word in
    shell) shell=yes ;;
    test) cases=yes ;;
    columns=*) columns=$value ;;
    input=*) input=$value ;;
    machine=*) machine=$value ;;
    accel=*) accel=$value ;;
    cpu=*) cpu=$value && cpu_given=yes ;;
    qemu=*) QEMU=$value && qemu_given=yes ;;
    cpus=*) cpus=$value ;;
    memory=*) memory=$value ;;
    timeout=*) timeout=$value ;;
    boot=*) boot=$value ;;
    acpi=*) acpi=$value ;;
    esac
    # The kernel splits at spaces, so a word that contains some gets its quotes back.
    case $word in
    *\"*) ;;
    *=*[[:space:]]*) word="${word%%=*}=\"$value\"" ;;
    *[[:space:]]*) word="\"$word\"" ;;
    esac
    cmdline="$cmdline${cmdline:+ }$word"
done

# number NAME VALUE LEAST MOST
number() {
    case $2 in
    '' | *[!0-9]* | 0?* | ???????*) ;;
    *) [ "$2" -ge "$3" ] && [ "$2" -le "$4" ] && return ;;
    esac
    usage "$1 '$2' is not a whole number from $3 to $4"
}

case $boot in
pvh) default_machine=microvm ;;
bios | uefi) default_machine=q35 ;;
*) usage "unknown boot '$boot'; valid: pvh, bios, uefi" ;;
esac
case $cpu in
'' | [!A-Za-z0-9]* | *[!A-Za-z0-9_.,=+-]*) usage "cpu '$cpu' is no model of a CPU; valid: max, qemu64, max,-smap, ..." ;;
esac
case $QEMU in
'' | *\"* | *$'\n'*) usage "qemu '$QEMU' is no program; valid: a name, or a path without quotes" ;;
esac
# The report states the machine, so the kernel is told what it was not told by the caller.
[ -n "$machine" ] || { machine=$default_machine && cmdline="$cmdline${cmdline:+ }machine=$machine"; }
[ -n "$accel" ] || { accel=tcg && cmdline="$cmdline accel=$accel"; }

# An edited line keeps to one row of the terminal, if it is known how long that is.
if [ "$shell:$columns" = yes: ] && [ -t 0 ]; then
    columns=$(stty size 2>/dev/null) && columns=${columns#* }
    # More than anybody sees is more than the kernel takes.
    [ "${columns:-0}" -le 10000 ] || columns=10000
    [ "${columns:-0}" -lt 20 ] || cmdline="$cmdline columns=$columns"
fi

# What is typed by nobody is at its end, which the guest is told: to have it typed would be an event at a moment that the
# host chooses.
if [ "$shell:$input" = yes: ]; then
    input=pipe
    [ ! /dev/stdin -ef /dev/null ] || input=none
    [ ! -t 0 ] || input=terminal
    [ $input = terminal ] || cmdline="$cmdline input=$input"
fi
case $input in
'' | terminal | pipe | none) ;;
*) usage "unknown input '$input'; valid: terminal, pipe, none" ;;
esac

# The kernel says so, too, but of a line that it has not seen the end of.
long() {
    local LC_ALL=C
    [ ${#cmdline} -gt 4096 ]
}
long && usage 'the command line is longer than 4096 bytes: none of it is done'

number cpus "$cpus" 1 64
[ -z "$timeout" ] || number timeout "$timeout" 1 86400
digits=${memory%[KkMmGg]}
case $digits in
'' | *[!0-9]* | 0* | ?????????????*) digits='' ;;
esac
case $memory in
*[Kk]) unit=1024 ;;
*[Mm]) unit=1048576 ;;
*[Gg]) unit=1073741824 ;;
*) unit=1 ;;
esac
# Less than this and not even the firmware gets as far as saying so.
{ [ -n "$digits" ] && [ $((digits * unit)) -ge 16777216 ]; } || usage "memory '$memory' is not a size of 16M or more; valid: 128M, 1G, ..."
# QEMU takes a bare number as MiB; everybody else here takes it as bytes.
[ $unit != 1 ] || memory=${memory}B

# ---- QEMU's command line --------------------------------------------------------------------------------------------

set -- -nodefaults -no-user-config -display none -no-reboot

case $machine in
# Interrupt controller and timer of the PC, but no clock chip and no virtio words on the kernel's command line.
microvm) set -- "$@" -M microvm,pic=on,pit=on,rtc=off,auto-kernel-cmdline=off ;;
q35 | pc) set -- "$@" -M "$machine" ;;
*) usage "unknown machine '$machine'; valid: microvm, q35, pc" ;;
esac

case $acpi in
on) ;;
off)
    # QEMU gives no tables to the firmware, which then makes some of its own.
    [ "$machine" != q35 ] || usage "acpi=off does not go with machine 'q35'; valid: microvm, pc"
    # The ACPI timer goes with the tables, and UEFI firmware does not come up without it.
    [ "$boot" != uefi ] || usage "acpi=off does not go with UEFI firmware; valid: boot=pvh, boot=bios"
    # The properties of all -M are taken together.
    set -- "$@" -M acpi=off
    ;;
*) usage "unknown acpi '$acpi'; valid: on, off" ;;
esac

case $accel in
tcg) set -- "$@" -accel tcg,thread=multi ;;
tcg-single) set -- "$@" -accel tcg,thread=single ;;
icount) set -- "$@" -icount shift=0,sleep=off ;;
kvm) set -- "$@" -accel kvm ;;
*) usage "unknown accel '$accel'; valid: tcg, tcg-single, icount, kvm" ;;
esac

# Firmware that knows five levels of page tables would use them, and the loader of the images knows four.
features=''
[ "$boot" != uefi ] || features=,la57=off
# Of what a model has and the accelerator has not, QEMU would speak a line for each CPU.
[ $cpu_given$verbose != yesno ] || features=$features,check=off
set -- "$@" -cpu "$cpu$features" -smp "$cpus" -m "$memory" -device isa-debug-exit,iobase=0xf4,iosize=0x04

# COM1 is people's, COM2 is the machine's. At a prompt, Ctrl-C is for the guest.
signal=on
[ $shell = no ] || signal=off
set -- "$@" -chardev "stdio,id=com1,signal=$signal" -serial chardev:com1
if [ -n "$json" ]; then
    set -- "$@" -chardev "file,id=com2,path=${json//,/,,}"
else
    set -- "$@" -chardev null,id=com2
fi
set -- "$@" -device isa-serial,chardev=com2,iobase=0x2f8,irq=3

# Files that the kernel asks for by these names, as opt/org.scullery/NAME.
for pair in "script $script" "arguments $arguments" "mount $mount"; do
    what=${pair%% *} file=${pair#* }
    [ -n "$file" ] || continue
    { [ -r "$file" ] && [ ! -d "$file" ]; } || dead "cannot read the $what '$file'"
    set -- "$@" -fw_cfg "name=opt/org.scullery/$what,file=${file//,/,,}"
done

# Sets `firmware`. Fedora, Debian and Ubuntu, openSUSE, Arch, Gentoo; then next to QEMU itself (Homebrew, own builds).
uefi_firmware() {
    local qemu_share
    qemu_share=$(command -v "$QEMU") && qemu_share=${qemu_share%/bin/*}/share/qemu
    for firmware in /usr/share/edk2/ovmf/OVMF_CODE.fd /usr/share/OVMF/OVMF_CODE{,_4M}.fd \
        /usr/share/qemu/ovmf-x86_64{,-4m}-code.bin /usr/share/edk2{,-ovmf}/x64/OVMF_CODE{,.4m}.fd \
        /usr/share/edk2/OvmfX64/OVMF_CODE.fd "$qemu_share/edk2-x86_64-code.fd"; do
        [ ! -r "$firmware" ] || return
    done
    dead 'no UEFI firmware (OVMF) found: ./setup.sh --image installs it'
}

if [ "$boot" = pvh ]; then
    [ -r "$elf" ] || dead "cannot read the kernel '$elf'"
    set -- "$@" -kernel "$elf" -append "$cmdline"
    # A boot module, which the loader leaves in memory, at its end. It has some MiB: where that is much it is left out, and
    # the host names functions alone. (To ask how large the file is would be a fork, which costs more than the module.)
    if [ -n "$symbols" ]; then
        [ -r "$symbols" ] || dead "cannot read the symbols '$symbols'"
        [ $((digits * unit)) -lt 33554432 ] || set -- "$@" -initrd "$symbols"
    fi
else
    [ "$machine" != microvm ] || usage "machine 'microvm' has no $boot firmware; valid: q35, pc"
    [ -n "$image" ] || usage "boot=$boot needs a disk image: --image FILE"
    [ -r "$image" ] || dead "cannot read the disk image '$image'"
    # The loader dies without a word where its fixed addresses are not, the firmware before that.
    case $boot in bios) least=24 ;; uefi) least=48 ;; esac
    [ $((digits * unit)) -ge $((least * 1048576)) ] || usage "memory '$memory' is too little for boot=$boot; valid: ${least}M and more"
    # The firmware's busy waits never end on a machine whose every instruction takes one nanosecond.
    [ "$boot:$accel" != uefi:icount ] || usage "accel 'icount' does not go with UEFI firmware; valid: tcg, tcg-single, kvm"
    # Commas part QEMU's options, so they are doubled within one. Nothing is ever written to the image.
    set -- "$@" -drive "if=ide,format=raw,snapshot=on,file=${image//,/,,}" \
        -fw_cfg "name=opt/org.scullery/cmdline,string=${cmdline//,/,,}"
    case $boot in
    # The loader wants a VESA mode before anything else.
    bios) set -- "$@" -device VGA ;;
    # Without a store for its variables the firmware keeps them in memory, and starts the sooner.
    uefi)
        uefi_firmware
        set -- "$@" -drive "if=pflash,format=raw,readonly=on,file=${firmware//,/,,}"
        ;;
    esac
fi

# ---- A machine with a time limit ------------------------------------------------------------------------------------

# charge: adds to `spent` the milliseconds since it was called last, but for those in which a thread of the machine wanted a
# core of the host and had none. More cores than there are it cannot have. Where the kernel does not tell (macOS), all count.
charge() {
    local passed=$(((SECONDS - last) * 1000)) cpu=0 want=0 ran queued thread id state wants got most
    last=$SECONDS
    # Nobody looked meanwhile: the host slept, or this was stopped, and the machine as well.
    [ $passed -le 2000 ] || passed=2000
    for thread in /proc/"$child"/task/*; do
        { read -r ran queued _ <"$thread/schedstat" && read -r state <"$thread/stat"; } 2>/dev/null || continue
        id=${thread##*/} state=${state##*) } cpu=$((cpu + ran / 1000))
        wants=$(((ran + queued) / 1000000 - ${known[id]:-0}))
        # What it waits for a core is counted when it gets one: who still wants one has wanted it all the time.
        [ "${state%% *}" != R ] || [ $wants -ge $passed ] || wants=$passed
        [ $wants -ge 0 ] || wants=0
        want=$((want + wants)) known[id]=$((${known[id]:-0} + wants))
        [ "${state%% *}" = R ] || known[id]=$(((ran + queued) / 1000000))
    done
    got=$(((cpu - had_cpu) / 1000)) most=$((passed * cores))
    had_cpu=$cpu
    # Threads that have ended are not counted any more.
    [ $got -ge 0 ] || return
    [ $want -ge $got ] || want=$got
    [ $want -le $most ] || want=$most
    [ $got -le $want ] || got=$want
    if [ $want -gt $passed ]; then
        spent=$((spent + passed * got / want))
    else
        spent=$((spent + passed - want + got))
    fi
}

# The watch ends the machine also when this script was killed in a way that it could not notice.
watch() {
    local limit=$1 spent=0 last=$SECONDS had_cpu=0 known=() cores told=0 before=0
    cores=$(nproc 2>/dev/null) || cores=1
    while [ "$limit" = -1 ] || [ $spent -lt $((limit * 1000)) ]; do
        sleep 1
        kill -0 $$ 2>/dev/null || { kill -KILL "$child"; exit; }
        [ $tied = no ] || kill -0 $PPID 2>/dev/null || { kill -TERM $$; exit; }
        charge
        # A record is progress: the cases are finitely many.
        [ $cases = no ] || told=$(wc -c <"$json")
        [ "$told" = "$before" ] || spent=0 before=$told
    done
    kill -USR1 $$
}

# Called by the traps below. QEMU has nothing to put in order (the terminal is put in order here), and would say of another
# signal that it has come.
# shellcheck disable=SC2329
end_machine() {
    stopped=$1
    [ -z "$child" ] || kill -KILL "$child" 2>/dev/null
}

# What is typed where nobody sits: stdin, between a begin and an end by which the guest knows it (kcore::shell::stream). A
# serial port drops what it holds when the guest sets it up, which are some of the zeros.
# shellcheck disable=SC2329
type_in() {
    local reader=''
    trap 'kill "$reader" 2>/dev/null; exit' TERM
    printf '\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\001'
    cat <&3 &
    reader=$!
    wait "$reader"
    printf '\033_scullery: end of input\004' 2>/dev/null
}

# What QEMU says, but for a Ctrl-C, which every process of a terminal gets.
# shellcheck disable=SC2329
without_signals() {
    local line
    trap '' INT TERM HUP
    while IFS= read -r line; do
        case $line in
        *': terminating on signal '*) ;;
        *) printf '%s\n' "$line" ;;
        esac
    done
}

# supervise SECONDS COMMAND...: sets `status`, and `stopped` to what ended the command early (LIMIT or a signal).
# SECONDS may be -1 for no limit.
supervise() {
    local seconds=$1 watcher speaker=''
    shift
    typist=''
    # A background command's stdin is /dev/null unless said otherwise.
    exec 3<&0
    if [ "$shell$input" = yespipe ]; then
        exec 3< <(type_in)
        typist=$!
    elif [ "$shell$input" = yesterminal ] && [ -t 0 ]; then
        # Opened anew: QEMU has a terminal answer at once, and so would ours from then on if it had the same one.
        exec 3<"$(tty)"
    elif [ -t 0 ] || [ "$input" = none ]; then
        exec 3</dev/null
    fi
    exec 4>&2
    if [ -t 2 ]; then
        exec 4> >(without_signals >&2)
        speaker=$!
    fi
    "$@" <&3 2>&4 3<&- 4>&- &
    child=$!
    exec 3<&- 4>&-
    # A signal that came before the child had a name.
    [ -z "$stopped" ] || end_machine "$stopped"
    watch "$seconds" </dev/null >/dev/null 2>&1 &
    watcher=$!
    disown
    # What bash has to say of a child that was killed it says when the child has been waited for, so none is shown before.
    {
        # Interrupted by each trap, so it is asked again until the child is gone; then once more for its status.
        while kill -0 "$child"; do
            wait "$child"
        done
        wait "$child"
        status=$?
        jobs
    } >/dev/null 2>&1
    child=''
    # shellcheck disable=SC2086 # The typist is most often nobody.
    kill "$watcher" $typist 2>/dev/null
    # What QEMU has said is said before this script ends (bash 4.4; an older one does not know this child).
    [ -z "$speaker" ] || wait "$speaker" 2>/dev/null
}

child='' stopped=''
for signal in INT TERM HUP; do
    # shellcheck disable=SC2064 # The signal's name is wanted now.
    trap "end_machine $signal" "$signal"
done
trap 'end_machine LIMIT' USR1

# QEMU makes the terminal raw, and one that was killed leaves it so. TTOU would stop us where we are no longer in front.
terminal=''
[ $shell = no ] || [ ! -t 0 ] || terminal=$(stty -g 2>/dev/null)
# shellcheck disable=SC2329
restore_terminal() {
    [ -z "$terminal" ] || (trap '' TTOU && stty "$terminal" 2>/dev/null)
}
probe=''
trap '[ -z "$child" ] || kill -KILL "$child" 2>/dev/null; [ -z "$probe" ] || rm -f "$probe"; restore_terminal' EXIT

# Dies of the signal that this script caught, so that the caller sees it.
pass_on() {
    case $stopped in
    INT | TERM | HUP)
        trap - "$stopped"
        kill -"$stopped" $$
        ;;
    esac
}

# /dev/kvm may exist and its guests hang or abort. So a firmware of three instructions is run first: it writes 0x10
# to the exit device.
probe_kvm() {
    { [ -r /dev/kvm ] && [ -w /dev/kvm ]; } || dead 'accel=kvm: /dev/kvm is missing or not accessible; use accel=tcg'
    probe=$(mktemp) || dead 'no temporary file'
    { head -c 65520 /dev/zero && printf '\260\020\346\364\364\0\0\0\0\0\0\0\0\0\0\0'; } >"$probe"
    supervise 3 "$QEMU" -nodefaults -no-user-config -display none -no-reboot -M pc -accel kvm -cpu max -m 16M \
        -device isa-debug-exit,iobase=0xf4,iosize=0x04 -bios "$probe" </dev/null >/dev/null 2>&1
    rm -f "$probe" && probe=''
    pass_on
    [ "$status" = 33 ] || dead 'accel=kvm: /dev/kvm is there, but a guest does not run on it; use accel=tcg'
}

# Which models there are, QEMU says in a line of a machine that does not run.
check_cpu() {
    local said with=tcg
    [ "$accel" != kvm ] || with=kvm
    said=$(printf 'quit\n' | "$QEMU" -nodefaults -no-user-config -display none -M microvm -accel $with \
        -cpu "$cpu" -S -monitor stdio 2>&1 >/dev/null)
    [ $? != 1 ] || usage "cpu '$cpu': ${said##*: } ('$QEMU -cpu help' lists them)"
}

if ! command -v "$QEMU" >/dev/null; then
    [ $qemu_given = no ] || dead "qemu: '$QEMU' is no program that can be run"
    dead "$QEMU is not installed: ./setup.sh installs it"
fi
[ $cpu_given = no ] || check_cpu
[ "$accel" != kvm ] || probe_kvm

if [ "$gdb" = yes ]; then
    set -- "$@" -s -S
    printf 'The machine waits. In another terminal: gdb %q -ex "target remote :1234" -ex continue\n' "$elf" >&2
    timeout=${timeout:--1}
fi
if [ "$verbose" = yes ]; then
    printf '%s' "$QEMU" >&2
    printf ' %q' "$@" >&2
    printf '\n' >&2
fi

# Only of a file the length can be asked.
[ -f "$json" ] || cases=no
# A user at a prompt takes the time that it takes.
[ "$shell:$script" != yes: ] || timeout=${timeout:--1}
supervise "${timeout:=60}" "$QEMU" "$@"
restore_terminal
pass_on

# ---- The verdict ----------------------------------------------------------------------------------------------------

# The kernel writes 0x10 + status to isa-debug-exit, which makes QEMU exit with twice that plus one.
# ONLY 33 is success: a triple fault under -no-reboot makes QEMU exit with 0.
case $stopped:$status in
*:33) exit 0 ;;
*:35) exit 1 ;;
*:37) exit 2 ;;
*:39) exit 3 ;;
LIMIT:*)
    printf 'qemu-run.sh: time limit: the machine was stopped after %s s (timeout=N sets the limit)\n' "$timeout" >&2
    exit 4
    ;;
*:0) dead 'the machine died without a verdict (triple fault?)' ;;
*:1) dead 'QEMU could not run the machine; --verbose shows its command line' ;;
*) if [ "$status" -gt 128 ]; then
    dead "QEMU was killed by signal $((status - 128))"
else
    dead "QEMU ended with the unknown status $status"
fi ;;
esac

}
