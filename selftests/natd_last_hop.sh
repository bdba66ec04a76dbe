#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# group: long
# timeout: 200
# SN7 by weftd's rules: the last hop of snat.bash, mfe3, has a slice that sanitises. Templates of the
# hosts before it are those of snat.bash.
. "$(dirname "$0")/lib.sh"
. "$LIB_DIR/snat.bash"
snat_set_up kernel

# config MODE: of mfe3. Its entries, but for those of templates
config() {
	{
		grep -hv 'template:' "$TMP/flows3"
		cat <<-END
			table=$LAST, priority=100, ldp=2, ip, ip_src=11.0.1.0/25 actions= template:clean
			table=$REMEMBER, priority=100, ldp=2, ip, ip_src=11.0.1.0/25 actions= template:clean-in, goto:$OUT2
		END
	} | sed 's/^ *//' | grep . | jq -R . | jq -s --arg mode "$1" '{ version: 1, datapath: "weft0",
		ports: [ { name: "gnv0", device: "gnv0", id: 1, type: "geneve", remotes: ["192.0.2.1", "192.0.2.2"] },
		         { name: "F", device: "F", lports: [{ ldp: 2, lport: 5 }] }, { name: "F2", device: "F2", lports: [{ ldp: 12, lport: 5 }] } ],
		nat: {
		  pools: [ { name: "public", ids: "whole", ranges: ["11.0.1.1-11.0.1.100:1024-65535"] } ],
		  slices: [ { id: 2, long_id: "00112233-4455-6677-8899-AABBCCDDEEFF", form: "last_hop",
		    tables: { nat: '$LAST', nat_next: '$REMEMBER', unnat: '$UNSAN', unnat_next: '$BACK', hint: '$HINT' },
		    timeouts: { new: 60, replied: 60, idle: 60, fail: 1 },
		    rules: [ { name: "clean", kind: "sanitise", mode: $mode, pool: "public" } ] } ] },
		flows: . }' >"$TMP/mfe3.json"
}
ctl() { weftd --netns mfe3 --ctl "$1" --ctl-socket /run/weft/weftd-mfe3-weft0.sock; }
natd() { weft-natd --netns mfe3 --ctl "$1"; }
natd_ready() { [ "$(natd status 2>/dev/null | jq .service.registered)" = true ]; }

config kernel
ok 'the file is good' weftd --check "$TMP/mfe3.json"
weftd --netns mfe3 --no-modprobe --log-level debug "$TMP/mfe3.json" >/dev/null 2>"$TMP/log" &
weftd_pid=$!
ok 'weftd takes the last hop' wait_until 10 matches '^ok$' eval 'ctl status | jq -r .state'
is "$(mfe 3 -j template show | jq -r '[.[] | select(.name | test("^clean")) | "\(.name) \(.slice) \(.mode)"] | join(", ")')" \
	'clean 2 kernel, clean-in 2 kernel' 'two templates of the slice'

last_hop() { # MODE
	local chosen before
	snat_cases kernel sanitised one_by_one many_hosts
	[ "$1" = service ] || return 0
	is "$(natd status | jq -c '.slices')" \
		'[{"id":2,"long_id":"00112233445566778899aabbccddeeff","form":"last_hop"}]' 'natd tells short and long id'
	chosen=$(natd status | jq '.templates[0].chosen')
	ok 'natd has chosen' [ "$chosen" -gt 3 ]
	is "$(natd status | jq '.templates[0].used')" 0 'and all has ended'
	snat_cases kernel again
	is "$(natd status | jq '.service.refused')" 0 'the kernel had nothing to refuse'
}
last_hop kernel
config service
ok 'mode service' ctl reload
ok 'natd' wait_until 10 natd_ready
last_hop service
kill $weftd_pid
wait $weftd_pid
[ $_failed = 0 ] || diag "$(tail -n 60 "$TMP/log")"
done_testing
