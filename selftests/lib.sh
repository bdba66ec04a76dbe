# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# lib.sh - what every self-test sources: TAP output, waiting, topologies, frames.
#
#   #!/bin/bash
#   # SPDX-License-Identifier: Apache-2.0
#   # group: short            (also run by `make check` on further kernels)
#   # group: long             (too much for an emulator: `make check` runs it at native speed)
#   # timeout: 60             (seconds, stretched in slow guests; default 120)
#   # guests: 6.1 6.12        (skipped elsewhere; default: all)
#   . "$(dirname "$0")/lib.sh"
#   weft_load
#   ns_add h1 h2
#   veth h1:eth0,10.0.0.1/24 h2:eth0,10.0.0.2/24
#   ok 'the neighbour answers' ip netns exec h1 ping -c 1 -W 1 10.0.0.2
#   done_testing
#
# Tests run as root in a guest (tools/guest), a process of its own each; tools/selftest removes
# namespaces and modules afterwards.  Nothing here waits a fixed time: use wait_until.

LIB_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TMP=$(mktemp -d /var/tmp/selftest.XXXXXX)
_n=0 _failed=0 _planned='' _done=''
_namespaces=()

# ---- results -------------------------------------------------------------------------------

# scaled N: how many of something, which are fewer in debug kernels
scaled() { echo $(($1 / (${WEFT_SLOW:-1} > 2 ? ${WEFT_SLOW:-1} : 1))); }

# plan N: announce the number of results (done_testing does so otherwise)
plan() {
	_planned=$1
	echo "1..$1"
}

diag() {
	sed 's/^/# /' <<<"$*"
}

pass() {
	echo "ok $((++_n)) - $*"
}

fail() {
	echo "not ok $((++_n)) - $*"
	_failed=$((_failed + 1))
	return 1
}

# skip DESC WHY
skip() {
	echo "ok $((++_n)) - $1 # SKIP ${2:-}"
}

# skip_all WHY: nothing in this file can run here
skip_all() {
	echo "1..0 # SKIP $*"
	_done=1
	exit 4
}

# ok DESC COMMAND...: the command succeeds; its output is shown when it does not
ok() {
	local desc=$1 out rc
	shift
	out=$("$@" 2>&1)
	rc=$?
	[ $rc != 0 ] || { pass "$desc"; return; }
	fail "$desc"
	diag "$* -> $rc"
	[ -z "$out" ] || diag "$out"
	return 1
}

# not_ok DESC COMMAND...: the command fails, but is not killed
not_ok() {
	local desc=$1 out rc
	shift
	out=$("$@" 2>&1)
	rc=$?
	((rc == 0 || rc > 125)) || { pass "$desc"; return; }
	fail "$desc"
	diag "$* -> $rc, expected to fail"
	[ -z "$out" ] || diag "$out"
	return 1
}

# is ACTUAL EXPECTED DESC
is() {
	[ "$1" != "$2" ] || { pass "$3"; return; }
	fail "$3"
	diag "     got: $1"
	diag "expected: $2"
	return 1
}

# like ACTUAL REGEX DESC; unlike likewise (extended regular expressions)
like() {
	! grep -qE -- "$2" <<<"$1" || { pass "$3"; return; }
	fail "$3"
	diag "got: $1"
	diag "expected to match: $2"
	return 1
}

unlike() {
	grep -qE -- "$2" <<<"$1" || { pass "$3"; return; }
	fail "$3"
	diag "got: $1"
	diag "expected not to match: $2"
	return 1
}

# bail WHY: the set-up failed; the file counts as failed
bail() {
	echo "Bail out! $*"
	exit 1
}

# done_testing: last line of every test
done_testing() {
	_done=1
	[ -n "$_planned" ] || echo "1..$_n"
	[ -z "$_planned" ] || [ "$_planned" = $_n ] || { diag "planned $_planned, ran $_n"; exit 1; }
	[ $_n -gt 0 ] && [ $_failed = 0 ]
	exit
}

# ---- waiting -------------------------------------------------------------------------------

# wait_until SECONDS COMMAND...: poll until the command succeeds; its last output goes to stdout
wait_until() {
	local out end
	end=$(($(date +%s%N) + $1 * 1000000000 * ${WEFT_SLOW:-1}))
	shift
	until out=$("$@" 2>&1); do
		[ "$(date +%s%N)" -lt $end ] || { [ -z "$out" ] || echo "$out"; return 1; }
		sleep 0.04
	done
	[ -z "$out" ] || echo "$out"
}

# matches REGEX COMMAND...: for wait_until
matches() {
	local re=$1
	shift
	"$@" 2>&1 | grep -qE -- "$re"
}

# ---- hosts and wires -----------------------------------------------------------------------

# ns_add NAME...: namespaces, loopback up; one process for all
ns_add() {
	printf 'netns add %s\n' "$@" | ip -batch - || bail "cannot make namespaces $*"
	local ns
	for ns; do
		# no router solicitations and no duplicate detection in anybody's counters
		ip netns exec "$ns" sh -c 'cd /proc/sys/net/ipv6/conf
			for i in default all; do
				echo 0 >$i/accept_dad; echo 0 >$i/router_solicitations
			done; ip link set lo up'
	done
	_namespaces+=("$@")
}

# in_ns NAME COMMAND...
in_ns() {
	ip netns exec "$@"
}

# veth END END [MTU]: a wire.  END is NS:IF[,MAC][,ADDRESS/LEN...]; an empty NS is this one.
veth() {
	local end ns name rest word script=() i
	local -a nss=() names=()
	for end in "$1" "$2"; do
		ns=${end%%:*} rest=${end#*:} name=${end#*:}
		name=${name%%,*}
		nss+=("$ns") names+=("$name") script+=('')
		i=$((${#names[@]} - 1))
		rest=${rest#"$name"}
		while [ -n "$rest" ]; do
			rest=${rest#,} word=${rest#,}
			word=${word%%,*} rest=${rest#"${word}"}
			case $word in
			*:*/*) script[i]+="addr add $word dev $name nodad"$'\n' ;;
			*/*) script[i]+="addr add $word dev $name"$'\n' ;;
			*) script[i]+="link set $name address $word"$'\n' ;;
			esac
		done
		[ -z "${3:-}" ] || script[i]+="link set $name mtu $3"$'\n'
		script[i]+="link set $name up"$'\n'
	done
	ip link add "${names[0]}" ${nss[0]:+netns "${nss[0]}"} type veth \
		peer name "${names[1]}" ${nss[1]:+netns "${nss[1]}"} || bail "cannot make wire $1 $2"
	for i in 0 1; do
		ip ${nss[i]:+-n "${nss[i]}"} -batch - <<<"${script[i]}" || bail "cannot set up $1 $2"
	done
	for i in 0 1; do # carrier is noticed with a delay, and IPv6 waits for it
		wait_until 5 matches 'state UP' ip ${nss[i]:+-n "${nss[i]}"} link show dev "${names[i]}" \
			>/dev/null || bail "no carrier: $1 $2"
	done
}

# batch NS: run `ip` commands read from standard input in a namespace, in one process
batch() {
	ip ${1:+-n "$1"} -batch -
}

# ---- the module ----------------------------------------------------------------------------

# weft_load [PARAMETER=VALUE...]: load weft.ko and what it needs
weft_load() {
	weft-load "$@" || bail 'cannot load weft.ko'
}

# weft_unload: unload it; fails while something holds it
weft_unload() {
	weft-load -r
}

# ---- frames --------------------------------------------------------------------------------
# A Python process takes a second to start under emulation, and scapy three more: send many
# frames with one call, or write the whole test in Python on top of py/frame.py.

_frame() {
	local ns=$1
	shift
	if [ -n "$ns" ]; then set -- ip netns exec "$ns" /usr/bin/python3 "$LIB_DIR/py/frame.py" "$@"
	else set -- /usr/bin/python3 "$LIB_DIR/py/frame.py" "$@"; fi
	"$@"
}

# send_frame NS IF FRAME...: FRAME is hex digits, or a scapy expression such as
# 'Ether()/IP(dst="10.0.0.2")/UDP()'
send_frame() {
	local ns=$1
	shift
	_frame "$ns" send "$@"
}

# capture NS IF FILE [FILTER...]: start tcpdump and return when it listens; stop with capture_stop
capture() {
	local ns=$1 dev=$2 file=$3
	shift 3
	: >"$file.log"
	${ns:+ip netns exec "$ns"} tcpdump -i "$dev" -n -U --immediate-mode -s 0 -w "$file" "$@" \
		2>"$file.log" &
	echo $! >"$file.pid"
	wait_until 10 grep -q 'listening on' "$file.log" || bail "tcpdump: $(cat "$file.log")"
}

# capture_stop FILE: end a capture; the file is complete afterwards
capture_stop() {
	local pid
	pid=$(cat "$1.pid")
	kill -INT "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	return 0
}

# frames FILE [FILTER...]: the number of frames in a capture
frames() {
	local file=$1
	shift
	tcpdump -n -r "$file" "$@" 2>/dev/null | wc -l
}

# ---- end -----------------------------------------------------------------------------------

# cleanup: kill what this test started, remove what it made
cleanup() {
	local p ns
	for p in $(jobs -p); do kill "$p" 2>/dev/null; done
	for ns in "${_namespaces[@]}"; do
		for p in $(ip netns pids "$ns" 2>/dev/null); do kill -KILL "$p" 2>/dev/null; done
		ip netns delete "$ns" 2>/dev/null
	done
	rm -rf "$TMP"
}

_exit() {
	local rc=$?
	[ -n "$_done" ] || { diag "ended before done_testing, status $rc"; [ $rc != 0 ] || rc=1; }
	cleanup
	exit $rc
}
trap _exit EXIT
trap 'exit 143' TERM INT
