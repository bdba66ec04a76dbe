# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# bfd.bash - hosts that watch their tunnels, on one wire, for the tests that cut it.
#
#	m1 ── tap1 [h1] gnv0 ── u1 ┐
#	m2 ── tap2 [h2] gnv0 ── u2 ┤ sw0 (net)
#	           [h3] gnv0 ── u3 ┘
#
# Hosts are h1, h2, …: 192.0.2.N on the wire, logical port N of switch 7. Machines are 10.0.7.N.

# wire N...: the hosts and the bridge between them
wire() {
	local n
	ns_add net "${@/#/h}"
	ip -n net link add name sw0 up type bridge mcast_snooping 0
	for n; do
		veth "h$n:u$n,192.0.2.$n/24" "net:n$n"
		ip -n net link set "n$n" master sw0
	done
}

# machine N: one at host N
machine() {
	ns_add "m$1"
	veth "h$1:tap$1" "m$1:eth0,02:00:00:00:00:0$1,10.0.7.$1/24"
	in_ns "m$1" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
}

# known N...: machines that need not ask for each other's addresses
known() {
	local a b
	for a; do
		for b; do
			[ "$a" = "$b" ] || ip -n "m$a" neigh add "10.0.7.$b" lladdr "02:00:00:00:00:0$b" dev eth0
		done
	done
}

# host_file N MONITOR REMOTES [TUNNELS [FLOWS [PORTS]]]: the file of a host. REMOTES: '"h2", "h3"'
host_file() {
	cat >"$TMP/h$1.json" <<-END
		{ "version": 1, "datapath": "weft0",
		  "hosts": { $(hosts) },
		  "ports": [ ${6-"{ \"name\": \"vm\", \"device\": \"tap$1\", \"lports\": [{ \"ldp\": 7, \"lport\": $1 }] }"} ],
		  "tunnels": [ { "name": "gnv0", "remotes": [ $3 ], "monitor": { $2 } } ${4:-} ],
		  "flows": [ ${5:-} ] }
	END
}

hosts() {
	local n sep=''
	for n in 1 2 3 4 5; do
		printf '%s"h%s": { "address": "192.0.2.%s" }' "$sep" $n $n
		sep=', '
	done
}

declare -A pids
start() { # N...
	local n
	for n; do
		weftd --netns "h$n" --no-modprobe --log-level debug "$TMP/h$n.json" 2>>"$TMP/h$n.log" &
		pids[$n]=$!
	done
}
ctl() { weftd --netns "h$1" --ctl "$2" --ctl-socket "/run/weft/weftd-h$1-weft0.sock"; }
bfd() { weft-bfdd --ctl "$2" --ctl-socket "/run/weft/bfdd-h$1-weft0.sock"; }

# tunnel N PEER FILTER [DEVICE]: something of what bfdd of a host says about a tunnel
tunnel() {
	bfd "$1" status | jq -r ".tunnels[] | select(.remote == \"192.0.2.$2\" and .device == \"${4:-gnv0}\") | $3"
}
tunnel_is() { # N PEER STATE [DEVICE]
	[ "$(tunnel "$1" "$2" .state "${4:-gnv0}")" = "$3" ]
}

# drop_at N RULE...: what host N loses of what arrives; heal N
drop_at() {
	local n=$1
	shift
	in_ns "h$n" nft -f - <<-END
		table ip cut {
			chain in {
				type filter hook input priority 0;
				$* drop
			}
		}
	END
}
heal() { in_ns "h$1" nft delete table ip cut; }

now_ms() { echo $(($(date +%s%N) / 1000000)); }

# changed N PEER: when the tunnel's state did, by the kernel's clock: asking takes long in guests
changed() { echo $(($(now_ms) - $(weft -n "h$1" -j tunnel show gnv0 "192.0.2.$2" | jq '.[0].since_ms'))); }

# within MS SINCE DESC [WHEN]: no more than so many ms have passed; slow guests get more
within() {
	local took=$((${4:-$(now_ms)} - $2))
	if [ $took -le $(($1 * ${WEFT_SLOW:-1})) ]; then pass "$3 ($took ms)"; else fail "$3: $took ms"; fi
}

ends() { # whatever still runs
	local n
	for n in "${!pids[@]}"; do kill "${pids[$n]}" 2>/dev/null; done
	for n in "${!pids[@]}"; do bfd "$n" leave >/dev/null 2>&1; done
}
