#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# group: long
# timeout: 200
# l2_learn_limit.sh - a port that makes up MAC addresses takes room from nobody else.
#
#	vma lana lanb far1 ── [h1] ── tunnel ── [h2] ── vmc lanc far2
#
# Of switch left: vma, vmc, and lana, lanb, lanc, which learn; of another tenant's: far1, far2,
# which learn, too. py/l2_learn_limit.py speaks for all of them, and for those behind them.
. "$(dirname "$0")/lib.sh"

weft_load
ns_add h1 h2 vms
in_ns vms sysctl -qw net.ipv6.conf.default.disable_ipv6=1
for h in h1 h2; do in_ns $h sysctl -qw net.ipv6.conf.default.disable_ipv6=1; done
veth h1:u,192.0.2.1/24 h2:u,192.0.2.2/24 1600
for wire in h1:vma h1:lana h1:lanb h1:far1 h2:vmc h2:lanc h2:far2; do
	veth "$wire" "vms:${wire#*:}"
	in_ns vms ethtool -K "${wire#*:}" tx off txvlan off >/dev/null 2>&1
done

# port NAME SWITCH LPORT HOST LEARN
port() { printf '"%s": { "switch": "%s", "lport": %s, "mac": "02:00:00:00:0%s:0%s", "host": "%s", "device": "%s", "learn": %s }' "$1" "$2" "$3" "${#2}" "$3" "$4" "$1" "$5"; }
cat >"$TMP/net.json" <<END_NET
{ "version": 1, "datapath": "weft0", "tunnel": { "name": "gnv0" },
  "hosts": { "h1": { "address": "192.0.2.1" }, "h2": { "address": "192.0.2.2" } },
  "switches": { "left": { "ldp": 220, "learn_limit": 1060 }, "right": { "ldp": 230 } },
  "ports": { $(port vma left 1 h1 false), $(port vmc left 2 h2 false), $(port lana left 4 h1 true),
	     $(port lanb left 5 h1 '{ "limit": 50 }'), $(port lanc left 6 h2 true),
	     $(port far1 right 1 h1 true), $(port far2 right 2 h2 true) } }
END_NET

check() { jq "$1" "$TMP/net.json" >"$TMP/bad.json"; weftd --network "$TMP/bad.json" --host h1 --check 2>&1; }
like "$(check '.ports.lana.learn = {limit: 0}')" 'ports.lana.learn.limit' 'no limit of none'
like "$(check '.ports.lana.learn = {age: 3}')" 'ports.lana.learn' 'nor anything else of a port'
like "$(check '.ports.lanb.learn.limit = 1061')" 'ports.lanb.learn.limit: 1061 is more than learn_limit of switch left, 1060' \
	'a port cannot have more than its switch'

for h in h1 h2; do
	weftd --netns $h --no-modprobe --network "$TMP/net.json" --host $h --ctl-socket "$TMP/$h.sock" 2>>"$TMP/$h.log" &
done
state() { weftd --ctl-socket "$TMP/$1.sock" --ctl status | jq -r .state; }
is_ok() { wait_until 20 matches '^ok$' state "$1" || { diag "$(cat "$TMP/$1.log")"; return 1; }; }
ok 'one host does its part' is_ok h1
ok 'and the other' is_ok h2

frames() {
	local out rc
	out=$(in_ns vms /usr/bin/python3 "$LIB_DIR/py/l2_learn_limit.py" "$@" 2>&1)
	rc=$?
	sed 's/^\(not \)*ok/# &/; /^[^#]/s/^/# /' <<<"$out"
	is $rc 0 "$* ($(grep -c '^ok' <<<"$out") cases)"
}
# learned HOST LDP LIN: how many addresses a host knows behind a port, wherever that is
learned() { weft -n "$1" instance show ldp="$2" lin="$3" | grep -c .; }
both() { echo "$(learned h1 "$@") $(learned h2 "$@")"; }
refused() { weft -n "$1" -j -s template show | jq '.[].refused.limit_template // 0'; }
# change JSON: of the network
change() {
	echo "$1" >"$TMP/change.json"
	for h in h1 h2; do weftd --ctl-socket "$TMP/$h.sock" --ctl change --patch "$TMP/change.json" || return; done
}

frames forged
is "$(both 220 4)" '1024 1024' 'a port has 1024, on its own host and on the other'
is "$(refused h1)" 3976 'all others are counted as refused, here'
is "$(refused h2)" 2976 'and there those that came by'
is "$(weft -n h1 -j stats drops | jq '[.[].drops // {} | .instance_limit // 0] | add')" 0 'none is dropped for it'
frames others
is "$(both 220 5)" '1 1' 'another port of its switch learns'
is "$(both 230 1) $(both 230 2)" '1 1 1 1' 'and another tenant'

# the switch's limit, and other limits: what was learned stays
frames more lanb 80
is "$(both 220 5)" '36 36' 'a switch has 1060 in all'
ok 'it may have more' change '{ "switches": { "left": { "learn_limit": 5000 } } }'
is "$(both 220 4)" '1024 1024' 'nothing is forgotten'
frames more lanb 80
is "$(both 220 5)" '50 50' 'a port has as many as the file says'
frames more lanc 80
is "$(both 220 6)" '80 80' 'and one of the other host, by the tunnel'
ok 'a port may have less' change '{ "ports": { "lana": { "learn": { "limit": 1000 } } } }'
frames more lana 40
is "$(both 220 4)" '1024 1024' 'those that are there stay, and no more come'
for h in h1 h2; do weft -n $h instance cut ldp=220 lin=4; done
frames more lana 1010
is "$(both 220 4)" '1000 1000' 'when they have gone there is room for as many'

# forgetting makes room; who was refused, and is cached, is told
ok 'an age, and few' change '{ "switches": { "left": { "learn_age": 5 }, "right": { "learn_age": 5 } },
	"ports": { "lana": { "learn": { "limit": 20 } } } }'
is "$(both 220 4)" '0 0' 'another age begins with nothing'
frames waits 20
gone() { [ "$(both 220 4)" = '0 0' ]; }
ok 'addresses that nobody uses are gone' wait_until 20 gone
frames more lana 40
is "$(both 220 4)" '20 20' 'and there is room for as many'
done_testing
