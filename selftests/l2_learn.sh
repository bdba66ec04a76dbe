#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# group: long
# timeout: 200
# l2_learn.sh - a switch learns the MAC addresses behind ports whose machines the file does not know.
#
#	vm1 lan1 lan2 ── [h1] ── 192.0.2.0/24 ── [h2] ── vm2 lan3
#	                        │
#	                vm3 ── [h3]              lan1, lan2, lan3 learn
#
# py/l2_learn.py speaks for all machines, and for those behind them.
. "$(dirname "$0")/lib.sh"

weft_load
ns_add h1 h2 h3 net vms
in_ns vms sysctl -qw net.ipv6.conf.default.disable_ipv6=1
ip -n net link add br0 type bridge
ip -n net link set br0 up
for i in 1 2 3; do
	veth "h$i:u,192.0.2.$i/24" "net:h$i" 1600
	ip -n net link set "h$i" master br0
	in_ns "h$i" sysctl -qw net.ipv6.conf.default.disable_ipv6=1
done
for wire in h1:vm1 h1:lan1 h1:lan2 h2:vm2 h2:lan3 h3:vm3; do
	veth "$wire" "vms:${wire#*:}"
	in_ns vms ethtool -K "${wire#*:}" tx off txvlan off >/dev/null 2>&1
done

port() { printf '"%s": { "switch": "left", "lport": %s, "mac": "02:00:00:00:00:0%s", "host": "%s", "device": "%s"%s }' "$1" "$2" "$2" "$3" "$1" "${4:+, $4}"; }
cat >"$TMP/net.json" <<END
{ "version": 1, "datapath": "weft0", "tunnel": { "name": "gnv0" },
  "hosts": { "h1": { "address": "192.0.2.1" }, "h2": { "address": "192.0.2.2" },
	     "h3": { "address": "192.0.2.3" } },
  "switches": { "left": { "ldp": 220 } },
  "ports": { $(port vm1 1 h1), $(port vm2 2 h2), $(port vm3 3 h3), $(port lan1 4 h1 '"learn": true'),
	     $(port lan2 5 h1 '"learn": true'), $(port lan3 6 h2 '"learn": true') } }
END

check() { jq "$1" "$TMP/net.json" >"$TMP/bad.json"; weftd --network "$TMP/bad.json" --host h1 --check 2>&1; }
like "$(check '.ports.lan1.security = true')" 'ports.lan1.security: a port that learns has no security' \
	'a port cannot learn and be kept to its addresses'
like "$(check '.resolution.by = "arpd"')" 'ports.lan1.learn: not with resolution by arpd' \
	'nor while ARP daemons keep questions from it'
like "$(check '.switches.left.learn_age = 0')" 'switches.left.learn_age' 'an age is at least a second'
like "$(check '.ports.lan1.learn = 1')" 'ports.lan1.learn' 'yes or no is no number'

start() {
	weftd --netns "$1" --no-modprobe --network "$TMP/net.json" --host "$1" \
		--ctl-socket "$TMP/$1.sock" 2>>"$TMP/$1.log" &
	pids[${1#h}]=$!
}
state() { weftd --ctl-socket "$TMP/$1.sock" --ctl status | jq -r .state; }
all() { for h in h1 h2 h3; do "$@" "$h" || return; done; }
is_ok() { wait_until 20 matches '^ok$' state "$1" || { diag "$(cat "$TMP/$1.log")"; return 1; }; }
declare -a pids
all start
ok 'all hosts do their part' all is_ok

frames() {
	local out rc
	out=$(in_ns vms /usr/bin/python3 "$LIB_DIR/py/l2_learn.py" "$1" 2>&1)
	rc=$?
	sed 's/^\(not \)*ok/# &/; /^[^#]/s/^/# /' <<<"$out"
	is $rc 0 "$2 ($(grep -c '^ok' <<<"$out") cases)"
}
learned() { weft -n "$1" instance show | grep -c .; }

frames learn 'frames go where an address was seen last, and to all ports that learn before that'

# what there is stays when nobody is at work, and when weftd comes again
before=$(learned h1)
cp "$TMP/net.json" "$TMP/good.json"
kill "${pids[1]}" && wait "${pids[1]}" 2>/dev/null
frames stays 'what was learned stays without weftd'
start h1
ok 'weftd begins anew' is_ok h1
is "$(learned h1)" "$before" 'all of it is still there'
frames stays 'and does what it did'

# through a relay, which makes the copies, and has a machine itself
change() { weftd --ctl-socket "$TMP/$1.sock" --ctl change --patch "$TMP/change.json"; }
echo '{ "hosts": { "h1": { "relay": "h3" }, "h2": { "relay": "h3" } } }' >"$TMP/change.json"
ok 'two hosts reach each other through the third' all change
frames relay 'the same through a relay'
echo '{ "hosts": { "h1": { "relay": null }, "h2": { "relay": null } } }' >"$TMP/change.json"
ok 'and directly again' all change

# a limit: of ports, as of all that packets make; the rest in l2_learn_limit.sh
ok 'no port may have more than it has' weft -n h1 dp set weft0 max_instances_port 1
frames limit 'what is over the limit is not learned, and goes on'
is "$(weft -n h1 -j -s template show | jq -c '.[] | [.name, .refused]')" '["weft-mac-300",{"limit_port":1}]' \
	'and counted'
ok 'as many as before' weft -n h1 dp set weft0 max_instances_port 1000

# an address that nobody uses any more is forgotten
echo '{ "switches": { "left": { "learn_age": 2 } } }' >"$TMP/change.json"
ok 'another age' all change
frames again 'another age begins with nothing'
none() { [ "$(learned h1)" = 0 ] && [ "$(learned h2)" = 0 ]; }
ok 'after two seconds addresses are gone' wait_until 20 none
frames aged 'and searched for everywhere'

echo '{ "ports": { "lan1": { "learn": null, "security": false }, "lan3": { "learn": false } } }' >"$TMP/change.json"
ok 'two ports learn no more' all change
frames fewer 'they are not asked any more'
echo '{ "ports": { "lan2": { "learn": null } } }' >"$TMP/change.json"
ok 'the last one, too' all change
is "$(weft -n h1 template show)" '' 'nothing of it is left'
frames none 'what nobody has is dropped'
done_testing
