# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# B16: one host's part of a network of 1,000 switches, 100 routers, 10,000 ports on 500 hosts, 50 of them on this one
# boot: time 3 weft
#
# "read and compiled" is weftd --check, a process from its start to its end; "loaded" what weftd takes to bring
# the entries, 29,403 of them, and 51 ports into a kernel that has none; "memory" the most that weftd ever had.
# "a port" is what passes from a command at the control socket to its answer, by when the kernel has the entries: the
# middle of 50 ports in each round. "the file again" is weftd --ctl reload, of a file in which one port is more.
# The host's own file is made by selftests/py/net_scale.py, whose test is selftests/net_scale.sh.

scale() { /usr/bin/python3 "$WEFT_TOP/selftests/py/net_scale.py" "$@"; }
milliseconds() { echo $(($(date +%s%N) / 1000000)); }
ctl() { weftd --ctl-socket /run/b16.sock --ctl "$@"; }
middle() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

# number CASE ROUND UNIT VALUE
number() { row "$1" weft "$2" "$3" "$4" 1 1; }

one_round() { # ROUND
	local start pid host
	scale write /run/net.json
	start=$(milliseconds)
	weftd --network /run/net.json --host h0 --check || die 'the network is bad'
	number 'read and compiled' "$1" ms $(($(milliseconds) - start))
	weftd --no-modprobe --network /run/net.json --host h0 --ctl-socket /run/b16.sock --flush-on-exit \
		2>/run/b16.log &
	pid=$!
	until [ "$(ctl status 2>/dev/null | jq .counts.applies)" = 2 ]; do
		[ -d /proc/$pid ] || die "$(cat /run/b16.log)"
		sleep 0.2
	done
	sed -n 's/.*flow entries +29403 .* in \([0-9]*\) ms.*/\1/p' /run/b16.log | {
		read -r took || die "$(cat /run/b16.log)"
		number loaded "$1" ms "$took"
	}
	for host in h0 h7; do
		scale ask /run/b16.sock 50 "$(scale patch one-more $host)" '{"ports": {"one-more": null}}' \
			>/run/times || die "$(cat /run/times)"
		case $host in h0) where=here ;; h7) where='on another host' ;; esac
		number "a port $where" "$1" us "$(awk 'NR % 2 { print $1 }' /run/times | middle)"
		number "a port $where, taken away" "$1" us "$(awk 'NR % 2 == 0 { print $1 }' /run/times | middle)"
	done
	scale write /run/net.json one-more
	start=$(milliseconds)
	[ "$(ctl reload | jq -c .flows)" = '{"added":13,"changed":2,"removed":0}' ] || die reload
	number 'the file again' "$1" ms $(($(milliseconds) - start))
	number memory "$1" MiB $(($(awk '/VmHWM/ { print $2 }' /proc/$pid/status) / 1024))
	kill $pid
	wait $pid
}

for device in $(scale devices) one-more; do
	echo "link add $device type dummy"
done | ip -batch - || die 'no devices'
for ((round = 1; round <= 3; round++)); do
	one_round $round
done
