#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# group: long
# timeout: 150
# What weft-natd knows of instances that it did not make: those of another host, and of templates
# that somebody wrote by hand. See nat.bash.
. "$(dirname "$0")/lib.sh"
. "$LIB_DIR/nat.bash"
nat_set_up
# not weftd's, and of entries that say no protocol of the packet's
cat >"$TMP/hand" <<-END
	template 77 hand mode=service service=nobody track=state idle=600 new=600
	  udp: when=ipv4|udp, table=14, ldp=\$ldp, udp, ip_src=\$ip_src, ip_dst=\$ip_dst, udp_src=\$l4_src actions= set:ip_src=@ip, set:l4_src=@port, goto:15
	  tcp: when=ipv4|tcp, table=14, ldp=\$ldp, tcp, ip_src=\$ip_src, ip_dst=\$ip_dst, tcp_src=\$l4_src actions= set:ip_src=@ip, set:l4_src=@port, goto:15
	  echo: when=ipv4|echo, table=14, ldp=\$ldp, icmp, icmp_type=8, ip_src=\$ip_src, ip_dst=\$ip_dst, icmp_id=\$icmp_id actions= set:ip_src=@ip, set:icmp_id=@port, goto:15
END
config service 11.0.1.1:2000-2999 | jq '.nat.slices[0].timeouts += { new: 600, replied: 600 }' >"$TMP/sw.json"
start
ok 'weftd and natd' wait_until 10 natd_ready
used() { natd status | jq '.pools[] | select(.name == "public") | .used'; }

# seen PROTO PORT: the source port that a packet of m2 from PORT is given
seen() {
	PYTHONPATH=$LIB_DIR/py in_ns m2 /usr/bin/python3 -c 'import sys; from frame import *
kind, port, ends = sys.argv[1], int(sys.argv[2]), ("10.0.1.2", "10.0.2.1")
l4 = {"udp": lambda: (17, udp(*ends, port, 9)), "tcp": lambda: (6, tcp(*ends, port, 9)),
      "echo": lambda: (1, icmp(8, 0, port << 16))}[kind]()
Port("eth0").send(ether("02:00:00:00:02:01", "02:00:00:00:01:02", 0x800, ipv4(*ends, *l4)))' "$@"
	wait_until 5 matches . given "$@" >/dev/null
	given "$@"
}
given() {
	w -j instance show slice=9, ip_src=10.0.1.2 | jq -r --arg w "$1" --argjson p "$2" '.[] |
		select((.when | any(. == $w)) and (.fields | [.l4_src, .udp_src, .tcp_src, .icmp_id] | any(. == $p))) | .vars.port'
}
cut_m2() { w instance cut slice=9, ip_src=10.0.1.2; }

# ---- of another host ---------------------------------------------------------------------------

for port in 2005 2006; do is "$(seen udp $port)" $port "a connection from $port"; done
w instance export slice=9 >"$TMP/here"
cut_m2
ok 'all have ended' wait_until 5 matches '^0$' used
# as from a host with another machine
jq 'map(.fields.ip_src = "10.0.1.77")' "$TMP/here" >"$TMP/there"
is "$(w instance import "$TMP/there")" 'imported 2 refused 0' 'two are imported'
ok 'natd hears of it' wait_until 5 matches '^2$' used
unlike "$(seen udp 2005)" '^(2005|2006)?$' 'and does not give what they have'
is "$(seen tcp 2005)" 2005 'but the same port of TCP'
is "$(seen echo 2006)" 2006 'and the same number of an echo'
w instance show slice=9 >"$TMP/before"
kill -KILL "$(natd_pid)"
ok 'another natd' wait_until 10 natd_ready
is "$(used)" 5 'knows all of them'
cut_m2
ok 'and that ours have ended' wait_until 5 matches '^2$' used
unlike "$(seen udp 2006)" '^(2005|2006)?$' 'and gives nothing that is in use'
is "$(natd status | jq .service.refused)" 0 'the kernel had nothing to refuse'
is "$(w instance import "$TMP/there" 2>&1 | tail -n 1)" 'imported 0 refused 2' 'what is there is not imported again'
w instance cut all
ok 'nothing is left' wait_until 5 matches '^0$' used

# the same by natd's own socket, which knows ports by number
natd_import() {
	printf '{"command": "import", "instances": %s}\n' "$(jq -c . "$1")" |
		socat -t 10 - UNIX:/run/weft/natd-sw-weft0.sock
}
seen udp 2005 >/dev/null
seen udp 2006 >/dev/null
natd export | jq '.instances | map(.fields.ip_src = "10.0.1.77")' >"$TMP/there"
w instance cut all
wait_until 5 matches '^0$' used
is "$(natd_import "$TMP/there" | jq -c '[.imported, .error]')" '[2,null]' 'natd imports'
is "$(used)" 2 'and knows at once'
unlike "$(seen udp 2005)" '^(2005|2006)?$' 'and does not give it'
w instance cut all

# ---- of somebody's templates --------------------------------------------------------------------

ok 'a template written by hand' w template add -f "$TMP/hand"
for when in udp tcp echo; do
	field=l4_src
	[ $when != echo ] || field=icmp_id
	jq -n --arg w $when --arg f $field '[ { template: 77, in_port: "p1", priority: 100, when: ["ipv4", $w],
		fields: { ldp: 7, ip_src: "10.0.1.88", ip_dst: "10.0.2.1", ($f): 2010 },
		vars: { ip: "11.0.1.1", port: 2010 } } ]' >"$TMP/$when"
	is "$(w instance import "$TMP/$when" 2>&1)" 'imported 1 refused 0' "an instance of it: $when"
	restarts=('')
	[ $when != udp ] || restarts+=(', after a restart')
	for restart in "${restarts[@]}"; do
		[ -z "$restart" ] || kill -KILL "$(natd_pid)"
		ok "natd knows it$restart" wait_until 10 matches '^1$' used
		for other in udp tcp echo; do
			if [ $other = $when ]; then
				unlike "$(seen $other 2010)" '^(2010)?$' "$when in use: not given for $other$restart"
			else
				is "$(seen $other 2010)" 2010 "$when in use: free for $other$restart"
			fi
			cut_m2
		done
		wait_until 5 matches '^1$' used
	done
	w instance cut template=77
	wait_until 5 matches '^0$' used
done
kill $weftd_pid
wait $weftd_pid
[ $_failed = 0 ] || diag "$(tail -n 60 "$TMP/sw.log")"
done_testing
