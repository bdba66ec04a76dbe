#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# group: short
# timeout: 240
# Flow cache: which packets share a program, exact counters, limits.  Changes: cache_change.sh.
#
#   q1 ── p1 [ datapath weft0, namespace sw ] p2 ── q2
#                                             p3 ── q3
. "$(dirname "$0")/lib.sh"
weft_load
ns_add sw
in_ns sw sysctl -qw net.ipv6.conf.default.disable_ipv6=1
for i in 1 2 3; do veth "sw:p$i" "sw:q$i"; done
w() { weft -n sw "$@"; }

out=$(in_ns sw /usr/bin/python3 "$LIB_DIR/py/cache.py" 2>&1)
rc=$?
sed 's/^\(not \)*ok/# &/; /^[^#]/s/^/# /' <<<"$out"
is $rc 0 "packets, counters and limits ($(grep -c '^ok' <<<"$out") cases)"
w dp del weft0

# the limit from the command line and from weftd's file, good and bad
limit() { w -j dp show weft0 | jq '.[0].max_cached'; }
# refused REGEX DESC COMMAND...
refused() {
	local re=$1 desc=$2 out
	shift 2
	out=$("$@" 2>&1)
	is $? 2 "$desc: exit status"
	like "$out" "$re" "$desc: message"
}
ok 'a datapath with a limit' w dp add weft0 max_cached 7
is "$(limit)" 7 'has it'
for bad in -1 4294967296 many 7.5; do
	refused "max_cached.*$bad" "a limit of '$bad'" \
		w dp set weft0 max_cached $bad
done
refused 'given twice' 'two limits' w dp set weft0 max_cached 1 max_cached 2
is "$(limit)" 7 'it is as before'
file() {
	echo "{ \"version\": 1, \"datapath\": \"weft0\", \"max_cached\": $1 }" >"$TMP/weftd.json"
}
for n in 100 0; do
	file $n
	ok "weftd's file says $n" weftd --netns sw --no-modprobe --once "$TMP/weftd.json"
	is "$(limit)" $n 'so it is'
done
for bad in -1 4294967296 '"many"' 7.5; do
	file "$bad"
	out=$(weftd --check "$TMP/weftd.json" 2>&1)
	rc=$?
	like "$rc $out" '^[1-9].*max_cached' "weftd's file says $bad: message"
done
is "$(limit)" 0 'it is as before'
done_testing
