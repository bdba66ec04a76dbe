# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# common.sh - names and places shared by the tools; sourced, never run.
#
#   WEFT_TOP     the repository           WEFT_CACHE   kernels, kept between clones
#   WEFT_GUESTS  every guest there is     BUILD        build results (build/)

WEFT_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
WEFT_CACHE=${WEFT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/weft}
BUILD=$WEFT_TOP/build
# shellcheck disable=SC2034	# used by those who source this file
WEFT_GUESTS='6.1 6.12 uml uml-debug x86-debug x86-kcsan'
mkdir -p "$WEFT_CACHE" "$BUILD/results"

die() {
	echo "${0##*/}: $*" >&2
	exit 2
}

is_guest() {
	case " $WEFT_GUESTS " in *" $1 "*) return 0 ;; esac
	return 1
}

is_own() {
	case $1 in uml | uml-debug | x86-debug | x86-kcsan) return 0 ;; esac
	return 1
}

# stock_dir SERIES: where deps unpacked Debian's kernel
stock_dir() {
	readlink -e "$WEFT_CACHE/stock/$1" || die "no stock kernel $1: run tools/deps"
}

# source_version: version of the installed linux-source-6.1 package
source_version() {
	dpkg-query -W -f '${Version}' linux-source-6.1
}

# source_tree: pristine, unpacked kernel source in the cache (unpacked when absent)
source_tree() {
	local dir
	dir=$WEFT_CACHE/linux-source-$(source_version)
	if [ ! -e "$dir/.complete" ]; then
		(
			flock 8
			[ ! -e "$dir/.complete" ] || exit 0
			rm -rf "$dir" && mkdir -p "$dir"
			tar -C "$dir" --strip-components=1 -xf /usr/src/linux-source-6.1.tar.xz
			touch "$dir/.complete"
		) 8>"$WEFT_CACHE/.source.lock" >&2
	fi
	echo "$dir"
}

# fragments GUEST: configuration files of an own kernel, in order
fragments() {
	local c=$WEFT_TOP/tools/kernel-config
	case $1 in
	uml) echo "$c/base.config $c/um.config" ;;
	uml-debug) echo "$c/base.config $c/um.config $c/debug.config $c/um-debug.config" ;;
	x86-debug) echo "$c/base.config $c/x86.config $c/debug.config" ;;
	x86-kcsan) echo "$c/base.config $c/x86.config $c/kcsan.config" ;;
	*) die "no own kernel named $1" ;;
	esac
}

# source_changes GUEST: how its kernel's source is changed, as arguments of sed -i; may be nothing.
# UML keeps a host process's vector registers in 2,696 bytes, and the host refuses to set fewer than
# it has: with AMX, 11,008.
source_changes() {
	case $1 in
	uml*) echo 's/(HOST_FP_SIZE,.2696)/(HOST_FP_SIZE,12288)/ arch/x86/um/user-offsets.c' ;;
	esac
}

# kernel_dir GUEST: where an own kernel is, or will be, built
kernel_dir() {
	local sum
	# shellcheck disable=SC2046
	sum=$({ cat $(fragments "$1"); source_changes "$1"; } | sha256sum | cut -c1-10)
	echo "$WEFT_CACHE/$1-$(source_version)-$sum"
}

# module_tree GUEST: kernel build tree to build modules against
module_tree() {
	if is_own "$1"; then kernel_dir "$1"; else echo "$(stock_dir "$1")"/usr/src/linux-headers-*-amd64; fi
}

# modules_root GUEST: directory that holds lib/modules/VERSION
modules_root() {
	if is_own "$1"; then echo "$(kernel_dir "$1")/root"; else stock_dir "$1"; fi
}

# results_dir NAME: a fresh directory for the results of a run, which may not be the only one;
# results_done DIR NAME puts it in its place
results_dir() {
	mktemp -d "$BUILD/results/.$1.XXXXXX"
}

results_done() {
	rm -rf "$BUILD/results/${2:?}.old"
	mv -T "$BUILD/results/$2" "$BUILD/results/$2.old" 2>/dev/null
	mv -T "$1" "$BUILD/results/$2" && chmod 755 "$BUILD/results/$2"
	rm -rf "$BUILD/results/$2.old"
}

# module_dir GUEST: where tools/modules puts weft.ko
module_dir() {
	echo "$BUILD/$1"
}
