# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# natd.sh - Weft with rules in mode service: weftd, and weft-natd which gives the values, in a namespace of
# their own, as daemons hear of all instances in theirs

natd_nat() { # DUT IN OUT [FIRST LAST]
	local ns=N$1 file=/run/weftd.$1.json n
	netns "$ns"
	ip link set "$2" netns "$ns" && ip link set "$3" netns "$ns" &&
		ip -n "$ns" link set "$2" up && ip -n "$ns" link set "$3" up || return
	natd_config "$@" >"$file"
	weftd --netns "$ns" "$file" >/dev/null 2>"/run/weftd.$1.log" &
	NATD_PID[$1]=$!
	for ((n = 0; n < 100; n++)); do
		[ "$(natd_state "$1" 2>/dev/null)" != 'ok true' ] || break
		sleep 0.1
	done
	[ "$n" -lt 100 ] || { natd_state "$1"; tail -n 20 "/run/weftd.$1.log"; return 1; }
}
declare -A NATD_PID

natd_state() {
	local path=/run/weft/weftd-N$1-weft0.sock
	echo "$(weftd --netns "N$1" --ctl status --ctl-socket "$path" | jq -r .state)" \
		"$(weft-natd --netns "N$1" --ctl status | jq .service.registered)"
}

natd_config() { # DUT IN OUT [FIRST LAST]
	cat <<-END
		{ "version": 1, "datapath": "weft0",
		  "ports": [ { "name": "in", "device": "$2" }, { "name": "out", "device": "$3" } ],
		  "tables": [ { "id": 1, "name": "unnat", "miss": "goto:3" }, { "id": 2, "name": "nat", "miss": "goto:3" },
		              { "id": 3, "name": "deliver" }, { "id": 4, "name": "acl" } ],
		  "nat": {
		    "pools": [ { "name": "public", "ranges": ["$NAT_OUTSIDE:$NAT_PORTS"] } ],
		    "slices": [ {
		      "id": 1, "long_id": "00112233-4455-6677-8899-aabbccddeeff", "form": "middlebox",
		      "tables": { "nat": "nat", "nat_next": "deliver", "unnat": "unnat", "unnat_next": "deliver" },
		      "rules": [ { "name": "snat", "kind": "snat", "mode": "service", "source": "10.0.1.0/24",
		                   "pool": "public" } ] } ] },
		  "flows": [
	END
	[ $# -lt 5 ] || seq -f '"table=acl, tcp, tcp_src=%.0f actions= goto:nat",' "$4" "$5"
	[ $# -lt 5 ] || seq -f '"table=acl, udp, udp_src=%.0f actions= goto:nat",' "$4" "$5"
	cat <<-END
		    "in_port=in, ip, ip_frag=no actions= load:ldp=1, goto:$([ $# -lt 5 ] && echo nat || echo acl)",
		    "table=nat, priority=10, ldp=1, ip, ip_src=10.0.1.0/24 actions= template:snat",
		    "in_port=out, ip, ip_frag=no actions= load:ldp=1, goto:unnat",
		    "table=deliver, ip, ip_dst=10.0.2.0/24 actions= output:out",
		    "table=deliver, ip, ip_dst=10.0.1.0/24 actions= output:in" ] }
	END
}

natd_purge() { :; }

natd_undo() {
	kill "${NATD_PID[$1]}"
	wait "${NATD_PID[$1]}"
	weft-natd --netns "N$1" --ctl leave >/dev/null # it would go on alone
	ip netns del "N$1"
}
