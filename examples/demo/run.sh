#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# run.sh - the main job of Weft, visible: machines of two tenants with the same addresses, on three hosts.
#
# Needs root, weft.ko loaded, weft and weftd in PATH; `make demo` runs it in a guest. Everything
# is in namespaces of its own, which are removed at the end. To try something else, edit
# the files beside this one (host1.json … host3.json, red.flows, blue.flows) and run it again.
set -u
cd "$(dirname "$0")" || exit 1

hosts=(host1 host2 host3)
routers=(core1 core2)
machines=(vm1 vm2 vm3 vm4 vm5)
declare -A host_of=([vm1]=host1 [vm2]=host2 [vm3]=host3 [vm4]=host1 [vm5]=host3)
declare -A tenant_of=([vm1]=red [vm2]=red [vm3]=red [vm4]=blue [vm5]=blue)
declare -A net_of=([vm1]=1 [vm2]=2 [vm3]=1 [vm4]=1 [vm5]=2)
declare -A last_of=([vm1]=11 [vm2]=12 [vm3]=13 [vm4]=11 [vm5]=12)
rows=() failures=0
tmp=$(mktemp -d)

addr() { echo "10.0.${net_of[$1]}.${last_of[$1]}"; }
say() { printf '\n\033[1m%s\033[0m\n' "$*"; }

cleanup() {
	local n
	[ ! -s "$tmp/pids" ] || xargs -r kill <"$tmp/pids" 2>/dev/null
	for n in "${hosts[@]}" "${routers[@]}" "${machines[@]}"; do
		ip netns del "$n" 2>/dev/null
	done
	rm -rf "$tmp"
}
trap cleanup EXIT

row() { # RESULT WHAT
	rows+=("$1|$2")
	[ "$1" = ok ] || failures=$((failures + 1))
	printf '   %-6s %s\n' "$1" "$2"
}

check() { # WHAT COMMAND...
	local what=$1
	shift
	if "$@" >"$tmp/out" 2>&1; then row ok "$what"; else row FAILED "$what"; fi
}

check_not() { # WHAT COMMAND...
	local what=$1
	shift
	if "$@" >"$tmp/out" 2>&1; then row FAILED "$what"; else row ok "$what"; fi
}

picture() {
	cat <<-'END'

	   tenant red                                        tenant blue: the same addresses
	   switch 1: 10.0.1.0/24 --+                         switch 11: 10.0.1.0/24 --+
	                        router 3                                           router 13
	   switch 2: 10.0.2.0/24 --+                         switch 12: 10.0.2.0/24 --+

	   +------------- host1 -------------+   +----- host2 -----+   +------------- host3 -------------+
	   |   vm1 red        vm4 blue       |   |   vm2 red       |   |   vm3 red        vm5 blue       |
	   |   10.0.1.11      10.0.1.11      |   |   10.0.2.12     |   |   10.0.1.13      10.0.2.12      |
	   |      |              |           |   |      |          |   |      |              |           |
	   |   [       weft.ko, weftd   ]    |   |   [ weft.ko ]   |   |   [       weft.ko, weftd   ]    |
	   +----------- 192.0.2.1 -----------+   +-- 198.51.100.2 -+   +---------- 203.0.113.3 ----------+
	                   |                              |                            |
	                 core1 ------------------------ core2 -------------------------+      (IP routers)

	END
}

# Namespaces, wires and addresses: one batch for each namespace, a process each is slow
build() {
	local n m
	{
		for n in "${hosts[@]}" "${routers[@]}" "${machines[@]}"; do echo "netns add $n"; done
	} >"$tmp/ns"
	while read -r _ _ n; do ip netns add "$n" || return; done <"$tmp/ns"
	ip -b - <<-END || return
	link add eth0 netns host1 mtu 1600 type veth peer name h1 netns core1
	link add eth0 netns host2 mtu 1600 type veth peer name h2 netns core2
	link add eth0 netns host3 mtu 1600 type veth peer name h3 netns core2
	link add c2 netns core1 mtu 1600 type veth peer name c1 netns core2
	END
	ip -n host1 -b - <<-END || return
	address add 192.0.2.1/24 dev eth0
	link set eth0 up
	route add default via 192.0.2.254
	END
	ip -n host2 -b - <<-END || return
	address add 198.51.100.2/24 dev eth0
	link set eth0 up
	route add default via 198.51.100.254
	END
	ip -n host3 -b - <<-END || return
	address add 203.0.113.3/24 dev eth0
	link set eth0 up
	route add default via 203.0.113.254
	END
	ip -n core1 -b - <<-END || return
	link set h1 mtu 1600 up
	link set c2 up
	address add 192.0.2.254/24 dev h1
	address add 10.255.0.1/30 dev c2
	route add default via 10.255.0.2
	END
	ip -n core2 -b - <<-END || return
	link set h2 mtu 1600 up
	link set h3 mtu 1600 up
	link set c1 mtu 1600 up
	address add 198.51.100.254/24 dev h2
	address add 203.0.113.254/24 dev h3
	address add 10.255.0.2/30 dev c1
	route add 192.0.2.0/24 via 10.255.0.1
	END
	for n in "${routers[@]}"; do ip netns exec "$n" sysctl -qw net.ipv4.ip_forward=1; done
	for m in "${machines[@]}"; do
		ip -b - <<-END || return
		link add eth0 netns $m address 02:00:00:00:0${net_of[$m]}:${last_of[$m]} type veth peer name $m netns ${host_of[$m]}
		END
		ip -n "$m" -b - <<-END || return
		link set lo up
		address add $(addr "$m")/24 dev eth0
		link set eth0 up
		route add default via 10.0.${net_of[$m]}.1
		END
		ip -n "${host_of[$m]}" -b - <<-END || return
		link set $m alias $m up
		END
	done
}

applied() {
	jq -e '.state == "ok" and .ports.waiting == 0 and .flows.held_back == 0' "$tmp/status" >/dev/null
}

start_agents() {
	local h
	for h in "${hosts[@]}"; do
		weftd --netns "$h" --no-modprobe --config "$h.json" --ctl-socket "$tmp/$h.sock" \
			>"$tmp/$h.log" 2>&1 &
		echo $! >>"$tmp/pids"
	done
	for h in "${hosts[@]}"; do
		for _ in $(seq 400); do
			weftd --ctl-socket "$tmp/$h.sock" --ctl status >"$tmp/status" 2>/dev/null &&
				applied && break
			sleep 0.05
		done
		applied ||
			{ cat "$tmp/$h.log" "$tmp/status"; row FAILED "weftd on $h applies $h.json"; continue; }
		row ok "weftd on $h applies $h.json"
	done
}

ping_from() { ip netns exec "$1" ping -q -c 3 -i 0.1 -W 2 "$2"; }

iperf() { # FROM TO
	ip netns exec "$2" iperf3 -s -1 -D --logfile "$tmp/iperf.log"
	for _ in $(seq 100); do
		[ -n "$(ip netns exec "$2" ss -Hltn 'sport = 5201')" ] && break
		sleep 0.05
	done
	ip netns exec "$1" iperf3 -J -t 1 -c "$(addr "$2")" >"$tmp/iperf.json" || return
	jq -e '.end.sum_received.bytes > 100000' "$tmp/iperf.json" >/dev/null
}

connect() { # FROM ADDRESS PORT: a TCP connection, refused or not, means that packets pass
	ip netns exec "$1" timeout 1 bash -c "exec 3<>/dev/tcp/$2/$3" 2>"$tmp/connect" ||
		grep -q refused "$tmp/connect"
}

talk() {
	local a b speed
	for a in "${machines[@]}"; do
		for b in "${machines[@]}"; do
			[[ $a < $b && ${tenant_of[$a]} = "${tenant_of[$b]}" ]] || continue
			check "ping: $a to $b ($(addr "$b"), ${tenant_of[$a]})" ping_from "$a" "$(addr "$b")"
			check "ping: $b to $a ($(addr "$a"), ${tenant_of[$a]})" ping_from "$b" "$(addr "$a")"
			if iperf "$a" "$b"; then
				speed=$(jq '.end.sum_received.bits_per_second / 1e6 | round' "$tmp/iperf.json")
				row ok "iperf3: $a to $b, $speed Mbit/s"
			else
				row FAILED "iperf3: $a to $b"
			fi
		done
	done
	check "ping: vm1 to its router (10.0.1.1)" ping_from vm1 10.0.1.1
	check_not "an ACL of tenant red stops telnet from vm1 to vm2" connect vm1 10.0.2.12 23
}

# 10.0.1.13 is vm3, of tenant red only; 10.0.2.12 is vm2 for red and vm5 for blue
isolate() {
	local red blue
	check_not "vm4 (blue) reaches no 10.0.1.13: that is red's" ping_from vm4 10.0.1.13
	ip netns exec vm4 ip neigh replace 10.0.1.13 lladdr 02:00:00:00:01:13 dev eth0
	check_not "nor when it knows the MAC address" ping_from vm4 10.0.1.13
	red=$(echoes vm2)
	check "ping: vm4 to 10.0.2.12" ping_from vm4 10.0.2.12
	blue=$(echoes vm2)
	check "… which was vm5; vm2 of tenant red, with the same address, got nothing" [ "$red" = "$blue" ]
}

# echo requests that a machine got; its neighbours may send it other things at any time
echoes() {
	ip netns exec "$1" awk '/^Icmp:/ {
		if (at) print $at
		else for (i = 2; i <= NF; i++) if ($i == "InEchos") at = i
	}' /proc/net/snmp
}

# What one packet from vm1 to vm2 met: the entries whose counters it moved
way() {
	local h
	say "The way of one packet, vm1 to vm2: entries that counted it"
	for h in host1 host2; do weft -n $h -j -s flow show >"$tmp/$h.before"; done
	ip netns exec vm1 ping -q -c 1 -W 2 10.0.2.12 >/dev/null || return
	for h in host1 host2; do
		weft -n $h -j -s flow show >"$tmp/$h.after"
		jq -r -n --arg host $h --slurpfile a "$tmp/$h.before" --slurpfile b "$tmp/$h.after" '
			def key: [.table, .priority, (.match // {} | tojson)] | tojson;
			($a[0] | map({(key): .packets}) | add) as $old
			| $b[0] | map(select(.packets > ($old[key] // 0))) | sort_by(.table) | .[]
			| "   \($host)  table \(.table)\t\(.match // {} | tojson)"' || return
	done | tee "$tmp/way"
	check "the packet met 12 tables on host1" [ "$(grep -c 'host1' "$tmp/way")" -ge 12 ]
}

picture
say "Namespaces, wires, routers"
check "three hosts, two IP routers, five machines" build
say "Agents"
start_agents
say "Who may talk, talks"
talk
say "Tenants do not see each other"
isolate
way
say "Ports of host1"
weft -n host1 port show
weft -n host1 stats drops
say "Summary"
for r in "${rows[@]}"; do printf '   %-6s  %s\n' "${r%%|*}" "${r#*|}"; done
printf '\n   %d checks, %d failed\n' ${#rows[@]} $failures
[ $failures = 0 ]
