#!/usr/bin/env bash
#
# Installs what a fresh machine lacks: the pinned Rust toolchain with the bare-metal target, and QEMU.
#
#   ./setup.sh            enough for `cargo run` and `cargo test`
#   ./setup.sh --image    also what BIOS and UEFI disk images need: a nightly toolchain and OVMF
#   ./setup.sh --c        also a C compiler, for drivers in C
#   ./setup.sh --slurm    also what contrib/slurm is tried with: a cluster of this machine alone
#
# Does nothing, and says so, when all is there. Works with bash 3.2 (macOS).

# The braces have bash read all of it before it does any of it, so that it can be changed while it runs.
{

set -eu
cd "$(dirname "$0")"

fail() {
    printf 'setup.sh: %s\n' "$1" >&2
    exit 1
}

image=no c=no slurm=no
case $#:${1:-} in
0:) ;;
1:--image) image=yes ;;
1:--c) c=yes ;;
1:--slurm) slurm=yes ;;
*) fail 'usage: ./setup.sh [--image | --c | --slurm]' ;;
esac

installed=''
have() { command -v "$1" >/dev/null 2>&1; }
note() {
    printf 'setup.sh: installing %s\n' "$1"
    installed=yes
}

# ---- Rust -----------------------------------------------------------------------------------------------------------

# The value of KEY in rust-toolchain.toml, without brackets, quotes and commas.
pinned() {
    sed -n "s/^$1 *= *//p" rust-toolchain.toml | tr -d '[]"' | tr ',' ' '
}

# contains LIST ITEM: whether a line of LIST is ITEM or starts with ITEM and a dash (a component for one host).
contains() {
    printf '%s\n' "$1" | grep -q -e "^$2\$" -e "^$2-"
}

# toolchain NAME COMPONENT... -- TARGET...: installs what is missing of it, and no more.
toolchain() {
    local name=$1 kind=component components='' targets='' word there
    shift
    for word in "$@"; do
        case $kind:$word in
        *:--) kind=target ;;
        component:*) components="$components $word" ;;
        target:*) targets="$targets $word" ;;
        esac
    done
    if ! contains "$(rustup toolchain list)" "$name"; then
        note "Rust $name"
        rustup toolchain install "$name" --profile minimal --no-self-update ||
            fail "rustup could not install the Rust toolchain $name; see its message above"
    fi
    there=$(rustup component list --toolchain "$name" --installed)
    for word in $components; do
        contains "$there" "$word" && continue
        note "$word for Rust $name"
        rustup component add --toolchain "$name" "$word" || fail "rustup could not add $word to Rust $name"
    done
    for word in $targets; do
        contains "$there" "rust-std-$word" && continue
        note "the target $word for Rust $name"
        rustup target add --toolchain "$name" "$word" || fail "rustup could not add the target $word to Rust $name"
    done
}

have rustup || fail 'rustup is not installed: see https://rustup.rs'
# shellcheck disable=SC2046 # Words are wanted.
toolchain "$(pinned channel)" $(pinned components) -- $(pinned targets)

# ---- Packages of the system -----------------------------------------------------------------------------------------

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif have sudo; then
        sudo "$@"
    else
        fail "this needs root, and there is no sudo; run as root: $*"
    fi
}

# package WHAT APT DNF PACMAN ZYPPER BREW: installs WHAT with the system's package manager, by the name it has there.
package() {
    note "$1"
    if have apt-get; then
        # A package list that is partly out of reach may still know the package.
        as_root apt-get update -q || true
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "$2"
    elif have dnf; then
        as_root dnf install -y "$3"
    elif have pacman; then
        as_root pacman -Sy --needed --noconfirm "$4"
    elif have zypper; then
        as_root zypper --non-interactive install "$5"
    elif have brew; then
        brew install "$6"
    else
        fail "no package manager that this script knows (apt, dnf, pacman, zypper, brew); please install $1 yourself"
    fi || fail "the package manager could not install $1; see its message above"
}

have qemu-system-x86_64 ||
    package qemu-system-x86_64 qemu-system-x86 qemu-system-x86-core qemu-system-x86 qemu-x86 qemu

# ---- Disk images, only when asked for -------------------------------------------------------------------------------

# Distributions put the firmware under /usr/share, Homebrew's QEMU brings its own.
have_ovmf() {
    local file
    for file in /usr/share/edk2/ovmf/OVMF_CODE.fd /usr/share/OVMF/OVMF_CODE*.fd /usr/share/qemu/ovmf-x86_64-code.bin \
        /usr/share/edk2*/x64/OVMF_CODE*.fd; do
        [ -r "$file" ] && return
    done
    have brew
}

if [ "$image" = yes ]; then
    toolchain nightly rust-src llvm-tools --
    have_ovmf || package 'UEFI firmware (OVMF)' ovmf edk2-ovmf edk2-ovmf qemu-ovmf-x86_64 qemu
fi

# ---- A C compiler, only when asked for ------------------------------------------------------------------------------

[ "$c" = no ] || have gcc || have clang || package gcc gcc gcc gcc gcc gcc

# ---- A cluster, only when asked for ---------------------------------------------------------------------------------

# Daemons are not on everybody's PATH.
if [ "$slurm" = yes ]; then
    PATH=$PATH:/usr/sbin
    have slurmctld || package Slurm slurm-wlm slurm slurm-llnl slurm slurm
    have munged || package munge munge munge munge munge munge
fi

if [ -n "$installed" ]; then
    echo 'setup.sh: done'
else
    echo 'setup.sh: everything is here'
fi

exit
}
