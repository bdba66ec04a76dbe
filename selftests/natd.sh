#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# timeout: 400
# NAT by weftd's rules: in the kernel and by weft-natd, and what survives the end of either.
# See nat.bash.
. "$(dirname "$0")/lib.sh"
. "$LIB_DIR/nat.bash"
nat_set_up
in_ns out socat -u TCP-LISTEN:80,fork,reuseaddr "OPEN:$TMP/got,creat,append" &
in_ns out socat TCP-LISTEN:81,fork,reuseaddr PIPE &
in_ns out socat TCP6-LISTEN:83,fork,reuseaddr PIPE &
in_ns out socat UDP-LISTEN:82,fork,reuseaddr PIPE &
in_ns m1 socat TCP-LISTEN:8080,fork,reuseaddr SYSTEM:'echo I am m1' &
in_ns m2 socat TCP-LISTEN:8080,fork,reuseaddr SYSTEM:'echo I am m2' &
wait_until 5 matches ':81 ' in_ns out ss -ltn >/dev/null
wait_until 5 matches ':8080 ' in_ns m2 ss -ltn >/dev/null
echo hello >"$TMP/hello"

# ---- both modes ------------------------------------------------------------------------------

snat_works() { # MODE
	capture out eth0 "$TMP/$1.pcap"
	ok "$1: ping through NAT" in_ns m1 ping -c 3 -i 0.2 -W 2 10.0.2.1
	ok "$1: over IPv6" in_ns m1 ping -c 2 -i 0.2 -W 2 fd00:2::1
	ok "$1: a large ping, in fragments" in_ns m1 ping -c 2 -i 0.2 -W 2 -s 4000 10.0.2.1
	ok "$1: over IPv6" in_ns m1 ping -c 2 -i 0.2 -W 2 -s 4000 fd00:2::1
	: >"$TMP/got"
	ok "$1: TCP" in_ns m1 timeout 10 socat -u "FILE:$TMP/hello" TCP:10.0.2.1:80
	ok "$1: TCP of the other machine" in_ns m2 timeout 10 socat -u "FILE:$TMP/hello" TCP:10.0.2.1:80
	ok "$1: all of it arrived" wait_until 5 matches '^2$' grep -c hello "$TMP/got"
	is "$(echo ping | in_ns m1 timeout 5 socat -t 1 - UDP:10.0.2.1:82)" ping "$1: UDP and back"
	head -c 3000 /dev/urandom >"$TMP/datagram"
	in_ns m1 timeout 5 socat -b 65536 -t 1 - UDP:10.0.2.1:82 <"$TMP/datagram" >"$TMP/echo"
	ok "$1: UDP of 3 kB and back" cmp "$TMP/datagram" "$TMP/echo"
	is "$(echo six | in_ns m2 timeout 5 socat -t 1 - 'TCP6:[fd00:2::1]:83')" six "$1: TCP over IPv6 and back"
	capture_stop "$TMP/$1.pcap"
	is "$(frames "$TMP/$1.pcap" 'icmp[0] == 8 and src host 11.0.1.1')" 5 "$1: the other side sees the pool's address"
	is "$(frames "$TMP/$1.pcap" 'src net 10.0.1.0/24 or (icmp6 and ip6[40] == 128 and src net fd00:1::/64)')" \
		0 "$1: and no machine's"
	is "$(frames "$TMP/$1.pcap" 'icmp6 and ip6[40] == 128 and src host fd00:11::1')" 2 "$1: of IPv6, too"
	is "$(doubled)" '' "$1: no pair twice"
	is "$(w -j instance show | jq '[.[].slice] | all(. == 9)')" true "$1: with the slice"
}

config kernel 11.0.1.1:2000-2999 >"$TMP/sw.json"
ok 'the file is good' weftd --check "$TMP/sw.json"
like "$(weftd --netns sw --no-modprobe --dry-run "$TMP/sw.json")" '\+ template 3[0-9]+ snat' \
	'a dry run shows templates'
start
ok 'weftd starts' wait_until 10 matches '^ok$' state
is "$(w -j template show | jq -r '[.[].mode] | unique | join(" ")')" kernel 'templates of the kernel'
is "$(ctl status | jq '.services | length')" 0 'that need no daemon'
snat_works kernel

config service 11.0.1.1:2000-2999 >"$TMP/sw.json"
ok 'another mode' reload
ok 'starts natd' wait_until 10 natd_ready
is "$(ctl status | jq -r .services.nat.state)" running 'weftd knows it'
is "$(awk '/^CapEff/ { print $2 }' "/proc/$(natd_pid)/status")" 0000000000001000 'it has CAP_NET_ADMIN alone'
unlike "$(awk '/^Uid/ { print $2 }' "/proc/$(natd_pid)/status")" '^0$' 'and is not root'
w instance cut slice=9
ok 'the old templates go with their last instances' wait_until 30 matches '^2$' \
	eval 'w -j template show | jq length'
snat_works service
chosen=$(natd status | jq '[.templates[].chosen] | add')
in_ns m1 ping -c 3 -i 0.1 -W 2 10.0.2.1 >/dev/null
is "$(natd status | jq '[.templates[].chosen] | add')" $((chosen + 1)) 'one question a connection'

# ---- nothing changes ----------------------------------------------------------------------------

id=$(template_id snat)
made=$(w -s -j template show "$id" | jq '.[0].created')
ok 'the same file again' reload
is "$(template_id snat)" "$id" 'leaves the template'
is "$(w -s -j template show "$id" | jq '.[0].created')" "$made" 'and what it made'

# ---- exhaustion -----------------------------------------------------------------------------------

for mode in service kernel; do
	config $mode 11.0.1.1:5000-5000 >"$TMP/sw.json"
	reload
	w instance cut slice=9
	[ $mode = kernel ] || wait_until 10 natd_ready
	ok "$mode: the one port" wait_until 5 in_ns m1 ping -c 1 -W 1 10.0.2.1
	not_ok "$mode: none is left for the other" in_ns m2 ping -c 1 -W 1 10.0.2.1
	like "$(w -s dp show weft0)" 'pool_exhausted' "$mode: dropped with its reason"
	ok "$mode: after the idle timeout it has it" wait_until 15 in_ns m2 ping -c 1 -W 1 10.0.2.1
done

# ---- the other kinds ---------------------------------------------------------------------------------

rules() { # MODE
	cat <<-END
		, { "name": "web", "kind": "dnat", "mode": "$1", "address": "11.0.9.9", "protocol": "tcp",
		    "port": 80, "to": "10.0.1.1", "to_port": 8080 },
		  { "name": "one", "kind": "one_to_one", "mode": "$1", "inside": "10.0.1.2", "outside": "11.0.5.5",
		    "destination": "10.0.2.0/24" },
		  { "name": "net", "kind": "subnet", "mode": "$1", "inside": "10.0.1.0/30", "outside": "11.0.6.0/30",
		    "destination": "10.0.2.0/24" }
	END
}
flows='
	, "table=unnat, priority=100, ldp=7, tcp, ip_dst=11.0.9.9, tcp_dst=80 actions=template:web"
	, "table=unnat, priority=100, ldp=7, ip, ip_src=10.0.2.0/24, ip_dst=11.0.5.5 actions=template:one-in"
	, "table=unnat, priority=100, ldp=7, ip, ip_src=10.0.2.0/24, ip_dst=11.0.6.0/30 actions=template:net-in"
	, "table=nat, priority=300, ldp=7, ip, ip_src=10.0.1.2, ip_dst=10.0.2.0/24 actions=template:one"'
get() { in_ns out timeout 5 socat -u "TCP:$1" - </dev/null; }
for mode in service kernel; do
	config $mode 11.0.1.1:2000-2999 "$(rules $mode)" "$flows" >"$TMP/sw.json"
	ok "$mode: dnat, one_to_one and subnet" reload
	w instance cut slice=9
	[ $mode = kernel ] || wait_until 10 natd_ready
	is "$(get 11.0.9.9:80)" 'I am m1' "$mode: dnat to another port"
	is "$(get 11.0.5.5:8080)" 'I am m2' "$mode: one_to_one from outside"
	capture out eth0 "$TMP/one.pcap" icmp
	ok "$mode: one_to_one from inside" in_ns m2 ping -c 1 -W 2 10.0.2.1
	capture_stop "$TMP/one.pcap"
	is "$(frames "$TMP/one.pcap" 'icmp[0] == 8 and src host 11.0.5.5')" 1 "$mode: with its address"
	w instance cut slice=9
	is "$(get 11.0.6.1:8080)" 'I am m1' "$mode: subnet"
done

# ---- being killed ----------------------------------------------------------------------------------------

# a changed rule and a changed mode have left their instances; begin with none
config service 11.0.1.1-11.0.1.2:2000-2999 >"$TMP/sw.json"
reload
w instance cut slice=9
wait_until 10 natd_ready
# when new connections are made; a SYN that is lost is not waited for
cat >"$TMP/prober" <<'END'
import socket, sys, time
while True:
    try:
        s = socket.create_connection(('10.0.2.1', 81), float(sys.argv[1]))
        s.sendall(b'x')
        if s.recv(1) == b'x':
            print(time.time(), flush=True)
        s.close()
    except OSError:
        pass
    time.sleep(0.04)
END
n_probes() { wc -l <"$TMP/probes"; }
more_probes() { [ "$(n_probes)" -ge "$1" ]; }
longest_gap() { awk 'NR > 1 && $1 - t > max { max = $1 - t } { t = $1 } END { print int(max * 1000) }' "$TMP/probes"; }

# killed WHOM COMMAND...: what is established goes on, new connections go on soon
killed() {
	local who=$1 before pinger sender prober gap
	shift
	w instance cut slice=9
	ip netns exec m1 ping -i 0.05 -W 2 10.0.2.1 >"$TMP/ping" 2>&1 &
	pinger=$!
	: >"$TMP/echo"
	rm -f "$TMP/enough"
	# shellcheck disable=SC2016	# perl's
	perl -e '$| = 1; until (-e $ARGV[0]) { print "line ", ++$n, "\n"; select(undef, undef, undef, 0.01); }
		open(F, ">", $ARGV[1]); print F "$n\n";' "$TMP/enough" "$TMP/sent" |
		in_ns m1 timeout 90 socat -t 5 - TCP:10.0.2.1:81 >"$TMP/echo" &
	sender=$!
	wait_until 10 grep -q 'line 20' "$TMP/echo"
	before=$(w -j instance show | jq -c '[.[] | select(.vars.port and (.state | test("established|replied"))) |
		[.id, .vars.ip, .vars.port]]')
	: >"$TMP/probes"
	ip netns exec m2 /usr/bin/python3 "$TMP/prober" $((2 * ${WEFT_SLOW:-1}))e-1 >"$TMP/probes" &
	prober=$!
	wait_until 10 more_probes 10
	"$@"
	ok "$who killed: new connections are made" wait_until 10 more_probes $(($(n_probes) + 20))
	kill $prober
	gap=$(longest_gap)
	diag "$who killed: no new connection for $gap ms"
	# emulated processors take longer to start a process, and more so if the machine is busy
	ok "$who killed: for less than a second" [ "$gap" -lt $((1000 * ${WEFT_SLOW:-1} * ${WEFT_SLOW:-1})) ]
	is "$(doubled)" '' "$who killed: no pair twice"
	is "$(w -j instance show | jq -c --argjson b "$before" \
		'[.[] | select(.vars.port) | [.id, .vars.ip, .vars.port]] as $now | $b - $now')" '[]' "$who killed: all that there was is there"
	touch "$TMP/enough"
	wait $sender
	is "$(grep -c line "$TMP/echo")" "$(cat "$TMP/sent")" "$who killed: TCP lost nothing"
	kill -INT $pinger
	wait $pinger
	is "$(sed -n 's/.* received,.* \([0-9.]*\)% packet loss.*/\1/p' "$TMP/ping")" 0 "$who killed: no ping was lost"
	ok "$who killed: everything is at work again" wait_until 10 natd_ready
}

kill_natd() { kill -KILL "$(natd_pid)"; }
kill_weftd() {
	kill -KILL $weftd_pid
	wait $weftd_pid 2>/dev/null
}
restart_weftd() {
	kill_weftd
	start
}
old=$(natd_pid)
killed natd kill_natd
ok 'it is another process' [ "$(natd_pid)" != "$old" ]
is "$(ctl status | jq .services.nat.last_signal)" 9 'and weftd knows why'
old=$(natd_pid)
killed weftd kill_weftd
is "$(natd_pid)" "$old" 'natd went on without it'
is "$(natd status | jq .weftd)" false 'and knows that it is gone'
id=$(template_id snat)
killed 'weftd, and restarted' restart_weftd
is "$(template_id snat)" "$id" 'the next one leaves the template'
ok 'and its natd takes over' wait_until 10 eval "[ \$(natd_pid) != $old ]"
ok 'from the one before, which leaves' wait_until 10 eval "! kill -0 $old 2>/dev/null"
killed 'natd of the next one' kill_natd

# ---- ranges on demand --------------------------------------------------------------------------------------

echo '{"ranges": ["11.0.1.1:3000-3009"]}' >"$TMP/ranges"
chmod 711 "$TMP"
chown nobody "$TMP/ranges"
leases() { jq -c '[.leases[].range]' "$TMP/ranges"; }
jq --arg f "$TMP/ranges" '.nat.pools[0] = { name: "public", ids: "acquire", provider: $f, count: 4 }' \
	"$TMP/sw.json" >"$TMP/acquire.json"
cp "$TMP/acquire.json" "$TMP/sw.json"
ok 'a pool that acquires its ranges' reload
w instance cut slice=9
ok 'has one' wait_until 10 matches '11.0.1.1:3000-3003$' w pool show
ok 'and gives out of it' wait_until 5 in_ns m1 ping -c 1 -W 1 10.0.2.1
kill_natd
ok 'natd again' wait_until 10 natd_ready
is "$(leases)" '["11.0.1.1:3000-3003"]' 'has what it had'
for _ in 1 2 3 4; do in_ns m1 ping -c 1 -W 1 10.0.2.1 >/dev/null & done
ok 'before it is full there is another one' wait_until 10 matches '3004-3007' leases
ok 'of which the kernel knows' wait_until 5 matches '3004-3007' w pool show
ok 'what is idle is released' wait_until 40 matches '^..11.0.1.1:3000-3003..$' leases
unlike "$(w pool show)" '3004' 'and withdrawn'

# ---- the end -----------------------------------------------------------------------------------------------

jq 'del(.nat) | .flows |= map(select(contains("template") | not))' "$TMP/sw.json" >"$TMP/none.json"
pid=$(natd_pid)
cp "$TMP/none.json" "$TMP/sw.json"
ok 'without the section' reload
ok 'natd ends' wait_until 10 eval "! kill -0 $pid 2>/dev/null"
ok 'and templates and pools are gone' wait_until 10 matches '^0 0$' \
	eval 'echo $(w -j template show | jq length) $(w -j pool show | jq length)'
kill $weftd_pid
wait $weftd_pid
[ $_failed = 0 ] || diag "$(tail -n 60 "$TMP/sw.log")"
done_testing
