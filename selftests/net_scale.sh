#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# group: long
# timeout: 200
# net_scale.sh - one host's part of a big network: compiled, loaded, changed, read again; what is
# sent to the kernel each time, and how long it takes.
#
# The lines with "figure:" go into Documentation/performance.md.
. "$(dirname "$0")/lib.sh"

scale() { /usr/bin/python3 "$LIB_DIR/py/net_scale.py" "$@"; }
now_ms() { echo $(($(date +%s%N) / 1000000)); }
ctl() { weftd --ctl-socket "$TMP/ctl.sock" --ctl "$@"; }
flows() { jq -c '[.flows.added, .flows.changed, .flows.removed]' <<<"$1"; }
# times are for native speed; and others may use the machine
within() { [ "${WEFT_GUEST:-uml}" != uml ] || test "$1" -lt $(($2 * 3)); }
middle() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

weft_load
scale write "$TMP/net.json" || bail 'no network'
for device in $(scale devices) one-more; do
	echo "link add $device up type dummy"
done | batch '' || bail 'no devices'

start=$(now_ms)
ok 'the network is good' weftd --network "$TMP/net.json" --host h0 --check
checked=$(($(now_ms) - start))
start=$(now_ms)
weftd --no-modprobe --network "$TMP/net.json" --host h0 --ctl-socket "$TMP/ctl.sock" 2>"$TMP/log" &
pid=$!
ready() { [ "$(ctl status 2>/dev/null | jq -r .state)" = ok ]; }
ok 'weftd does the part of its host' wait_until 60 ready || bail "$(cat "$TMP/log")"
ready=$(($(now_ms) - start))
status=$(ctl status)
entries=$(jq .flows.applied <<<"$status")
loaded=$(jq .last_apply.took_ms <<<"$status")
memory=$(($(awk '/VmHWM/ { print $2 }' /proc/$pid/status) / 1024))
diag "figure: $entries entries, read and compiled in $checked ms, loaded in $loaded ms, all in $ready ms, $memory MiB"
is "$(weft flow show | wc -l)" "$entries" 'the kernel has all entries'
ok 'compiled within 2 s' within $checked 2000
ok 'loaded within 2 s' within "$loaded" 2000
ok 'in 300 MiB' test $memory -lt 300
# nothing more is done: weftd looks a second time, and finds nothing to do
applies() { ctl status | jq .counts.applies; }
ok 'weftd has looked again' wait_until 20 matches '^2$' applies

# a port is added on another host, and on this one; and taken away
for host in h7 h0; do
	scale ask "$TMP/ctl.sock" 20 "$(scale patch one-more $host)" '{"ports": {"one-more": null}}' \
		>"$TMP/times" || diag "$(cat "$TMP/times")"
	add=$(awk 'NR % 2 { print $1 }' "$TMP/times" | middle)
	del=$(awk 'NR % 2 == 0 { print $1 }' "$TMP/times" | middle)
	best=$(awk 'NR % 2 { print $1 }' "$TMP/times" | sort -n | head -n 1)
	diag "figure: a port on $host added in $add us (at best $best), taken away in $del us"
	case $host in
	h7) want='4 1 0|0 1 4' ;;
	h0) want='13 2 0|0 2 13' ;;
	esac
	is "$(cut -d' ' -f3- "$TMP/times" | sort -u | sort -t' ' -k3n | paste -sd'|')" "$want" \
		"only the entries of a port on $host, and of its switch's broadcasts, are sent"
	ok 'within 10 ms' within "$best" 10000
done
is "$(weft flow show | wc -l)" "$entries" 'the kernel has as many entries as before'
is "$(applies)" 82 'nothing else was looked at'

# the file is read again
for round in same more; do
	[ $round = same ] || scale write "$TMP/net.json" one-more
	start=$(now_ms)
	answer=$(ctl reload)
	took=$(($(now_ms) - start))
	diag "figure: the file read again ($round) in $took ms: $(flows "$answer")"
	ok 'the file is read again within 2 s' within $took 2000
	case $round in same) want='[0,0,0]' ;; more) want='[13,2,0]' ;; esac
	is "$(flows "$answer")" "$want" "only the entries that differ are sent ($round)"
done
done_testing
