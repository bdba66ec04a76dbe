#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# group: long
# timeout: 500
# SN9 (b): two hosts that acquire ranges of one address from a provider, and release them.
#
#   m1 10.0.1.1 ── [ sw: weftd, natd ] ── out 10.0.2.1 ── [ sx: weftd, natd ] ── m2 10.0.1.1
#
# Each side has connections of its own; the file of the provider is all that they share.
. "$(dirname "$0")/lib.sh"
. "$LIB_DIR/snat.bash"
. "$LIB_DIR/nat.bash"
weft_load
ns_add sw sx m1 m2 out
veth sw:p1 m1:eth0,02:00:00:00:01:01
veth sx:p1 m2:eth0,02:00:00:00:01:01
veth sw:p3 out:eth0,02:00:00:00:02:01
veth sx:p3 out:eth1,02:00:00:00:02:01
chmod 711 "$TMP"
count=32 total=$((32 * 12))

# side NS MODE: its configuration
side() {
	config "$2" unused | jq --arg f "$TMP/ranges" --argjson c $count '
		.ports |= map(select(.name != "p2")) | .flows |= map(select(contains("p2") | not)) |
		.nat.slices[0].timeouts += { new: 600, replied: 600 } |
		.nat.pools[0] = { name: "public", ids: "acquire", provider: $f, count: $c }' >"$TMP/$1.json"
}
weftds=()
start_side() {
	weftd --netns "$1" --no-modprobe "$TMP/$1.json" >/dev/null 2>>"$TMP/$1.log" &
	weftds+=($!)
}
ask() { weft-natd --netns "$1" --ctl status; }
ready() { [ "$(ask "$1" | jq .service.registered)" = true ]; }
kill_natd() { kill -KILL "$(ask "$1" | jq .pid)"; }
uses_nothing() { [ "$(ask "$1" | jq '.pools[] | select(.name == "public") | .used')" = 0 ]; }
# the ranges that a kernel gives out of
kernel_ranges() { weft -n "$1" -j pool show | jq -r '.[].ranges[] | select(startswith("11."))'; }
leases() { jq -r '.leases[] | "\(.key) \(.range)"' "$TMP/ranges"; }
n_leases() { leases | grep -c "/$1/"; }
has_leases() { test "$(n_leases "$1")" "$2" "$3"; }
# as many as are opened next, though they are not counted at once
has_spare() {
	local ids
	ids=$(kernel_ranges "$1" | awk -F '[:-]' '{ n += $NF - $(NF - 1) + 1 } END { print n + 0 }')
	[ "$ids" -gt $(($(opened "$1") + 8)) ]
}
# ports that are in two ranges of what is read
overlapping() {
	awk -F '[:-]' '{ for (p = $(NF - 1); p <= $NF; p++) if (seen[p]++) n++ } END { print n + 0 }'
}
nothing_twice() {
	local pairs
	is "$(leases | overlapping)" 0 "$1: no lease overlaps another"
	is "$({ kernel_ranges sw; kernel_ranges sx; } | overlapping)" 0 "$1: nor what the kernels give"
	pairs=$(for ns in sw sx; do weft -n $ns -j instance show slice=9 |
		jq -r '.[] | select(.vars.port) | "\(.vars.ip) \(.vars.port)"'; done | sort | uniq -d)
	is "$(wc -w <<<"$pairs")" 0 "$1: nor two connections"
}

# open NUMBER FIRST: on both sides; what is lost while a daemon is away comes again
cat >"$TMP/open.py" <<'E2'
import sys, time
from frame import *
from snatlab import inside
n, first = int(sys.argv[1]), int(sys.argv[2])
ports = [inside(ns, Port, "eth0") for ns in ("m1", "m2")]
for i in range(first, first + n):
    for port in ports:
        port.send(ether("02:00:00:00:02:01", "02:00:00:00:01:01", 0x800,
                        ipv4("10.0.1.1", "10.0.2.1", 17, udp("10.0.1.1", "10.0.2.1", i, 9))))
    time.sleep(float(sys.argv[3]))
E2
open() { PYTHONPATH=$LIB_DIR/py /usr/bin/python3 "$TMP/open.py" "$@"; }
opened() { weft -n "$1" -j instance show slice=9 | jq '[.[] | select(.state != "failed")] | length'; }
has_opened() { [ "$(opened "$1")" -ge "$2" ]; }

for mode in kernel service; do
	printf '{"ranges": ["11.0.1.1:1024-%d"]}\n' $((1023 + total)) >"$TMP/ranges"
	chown nobody "$TMP/ranges"
	for ns in sw sx; do
		side $ns $mode
		start_side $ns
	done
	ok "$mode: two hosts" wait_until 20 eval 'ready sw && ready sx'
	ok "$mode: each has a range" wait_until 10 eval 'has_leases sw -eq 1 && has_leases sx -eq 1'

	# no faster than ranges are acquired
	for at in 0 8 16 24 32 40 48 56 64 72 80 88 96; do
		open $((at < 96 ? 8 : 4)) $((20000 + at)) 0
		wait_until 20 eval 'has_spare sw && has_spare sx' || fail "$mode: no range is acquired for the next"
	done
	is "$(opened sw) $(opened sx)" '100 100' "$mode: under load none is refused"
	ok "$mode: there are more ranges" eval 'has_leases sw -ge 4 && has_leases sx -ge 4'
	nothing_twice $mode

	# the provider's clients end at any moment
	open 60 30000 0.1 &
	opener=$!
	for i in 1 2 3 4 5 6; do
		for ns in sw sx; do
			kill_natd $ns
			wait_until 10 ready $ns
		done
		[ "$(leases | overlapping)" = 0 ] || fail "$mode: a lease overlaps another"
	done
	wait $opener
	open 60 30000 0.05
	ok "$mode: all daemons killed: connections are made" wait_until 20 eval 'has_opened sw 150 && has_opened sx 150'
	nothing_twice "$mode, daemons killed"

	# one host has no need for what it has
	left=$(n_leases sx) had=$(n_leases sw)
	weft -n sx instance cut all
	ok "$mode: natd forgets what has ended" wait_until 10 uses_nothing sx
	ok "$mode: what is idle is released" wait_until 60 has_leases sx -lt "$left" ||
		diag "$(ask sx; weft -n sx pool show; weft -n sx instance show | head)"
	nothing_twice "$mode, released"
	open 80 40000 0.02
	ok "$mode: and another host has it" wait_until 10 has_leases sw -gt "$had"
	nothing_twice "$mode, given again"
	before=$(leases | sort)
	kill "${weftds[@]}"
	wait "${weftds[@]}"
	weftds=()
	for ns in sw sx; do kill_natd $ns; done
	is "$(leases | sort)" "$before" "$mode: nobody is there: leases stay"
	for ns in sw sx; do start_side $ns; done
	ok "$mode: all of it again" wait_until 20 eval 'ready sw && ready sx'
	is "$(leases | sort)" "$before" "$mode: has what it had"
	nothing_twice "$mode, started again"
	kill "${weftds[@]}"
	wait "${weftds[@]}"
	weftds=()
	for ns in sw sx; do
		kill_natd $ns
		weft -n $ns dp del weft0
	done
done
[ $_failed = 0 ] || diag "$(tail -n 40 "$TMP/sw.log" "$TMP/sx.log")"
done_testing
