# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# snat.bash - the worked example of a distributed source NAT, for snat_*.sh; sourced behind lib.sh.
#
#        logical switch 1, 10.0.1.0/24                 logical switch 2, 10.0.2.0/24
#   vm1 10.0.1.1 (1) ──┐                                            ┌── (5) vm3 10.0.2.1
#                     (3) ── X [ router ] Y ── (4) ──────────────────┘
#   vm2 10.0.1.2 (2) ──┘         N ── middlebox: source NAT to 11.0.1.1-11.0.1.100
#
#   vm1 ── C [ mfe1 ] u3 ═══════ u1 [ mfe3 ] F ── vm3       tenant red
#   vm4 ── C2         u2           u2        F2 ── vm5      tenant blue: the same addresses
#                      ╚═ u1 [ mfe2 ] u3 ═╝
#   vm2 ─────────────────── I
#
# Each host has all entries of both tenants. The host of the opening packet does all of the
# pipeline for both directions; the last one only delivers, and remembers for the reply
# where the packet came from. Tables, in the order in which a packet from a machine meets them:
#
#    0 CTX       who it is: from a machine's port, or from the context in a tunnel; fragments
#                become packets, since all that follows goes by ports
#    1 HINT      replies to what came by a tunnel: to UNSAN, nothing else is done here
#    2 IN        source switch: ingress ACL
#    3 L2        source switch: forwarding, to a machine or to the router's port
#    4 OUT       source switch: egress ACL
#    5 RIN       router: ingress ACL of X, Y and N
#    6 UNNAT     replies to translated connections; then past POLICY
#    7 POLICY    "source 10.0.1.0/24 -> N", and the translation itself above that; DNAT
#    8 ROUTE     router: routes
#   20 NAT       after routing: the stage form of NAT
#    9 ROUT      router: egress ACL of X, Y and N
#   10 MAC       router: static neighbours
#   11 IN2       destination switch: ingress ACL
#   12 L22       destination switch: forwarding
#   13 MAP       where the logical port is: here, or behind a tunnel
#
# and at the last hop
#
#   14 LAST      sanitise what was translated elsewhere
#   15 REMEMBER  make the hint for the reply
#   16 OUT2      destination switch: egress ACL
#   17 DELIVER   the machine's port
#   18 UNSAN     replies: undo what LAST did
#   19 BACK      replies: into the tunnel to where the connection was opened, all still to be done
#
# Bit 0 of the mark says that a packet was translated; reg3 is a machine's logical port,
# and reg0 the tunnel endpoint of the originating host. Stages in tunnels: 1, the egress ACL is
# left; 15, all is.

# shellcheck disable=SC2034	# whoever sources it may use them
CTX=0 HINT=1 IN=2 L2=3 OUT=4 RIN=5 UNNAT=6 POLICY=7 ROUTE=8 ROUT=9 MAC=10 IN2=11 L22=12 MAP=13
LAST=14 REMEMBER=15 OUT2=16 DELIVER=17 UNSAN=18 BACK=19 NAT=20

MAC_X=02:01:01:01:01:01 MAC_Y=02:01:01:01:01:02
MAC_VM1=02:00:00:00:01:01 MAC_VM2=02:00:00:00:01:02 MAC_VM3=02:00:00:00:02:01
POOL=11.0.1.1-11.0.1.100:1024-65535
SANITISE=11.0.1.1-11.0.1.100:1-65535
SNAT_IDLE=${SNAT_IDLE:-60} SNAT_TIMES=${SNAT_TIMES:-}

# Logical ports of the router
X=1 Y=2 N=9

mfe() { weft -n "mfe$1" "${@:2}"; }

# ---- hosts and machines --------------------------------------------------------------------

# snat_vm NAME HOST PORT MAC: a machine; its stack has no address yet, so it answers nothing
snat_vm() {
	veth "$2:$3" "$1:eth0,$4"
}

snat_hosts() {
	local a b
	ns_add mfe1 mfe2 mfe3 vm1 vm2 vm3 vm4 vm5
	for a in mfe1 mfe2 mfe3 vm1 vm2 vm3 vm4 vm5; do
		in_ns $a sysctl -qw net.ipv6.conf.{all,default}.disable_ipv6=1
	done
	veth mfe1:u2 mfe2:u1 1600
	veth mfe1:u3 mfe3:u1 1600
	veth mfe2:u3 mfe3:u2 1600
	for a in 1 2 3; do
		ip -n mfe$a addr add 192.0.2.$a/32 dev lo
		for b in 1 2 3; do
			[ $a = $b ] || ip -n mfe$a route add 192.0.2.$b/32 dev u$b src 192.0.2.$a
		done
	done
	snat_vm vm1 mfe1 C $MAC_VM1
	snat_vm vm2 mfe2 I $MAC_VM2
	snat_vm vm3 mfe3 F $MAC_VM3
	snat_vm vm4 mfe1 C2 $MAC_VM1
	snat_vm vm5 mfe3 F2 $MAC_VM3
}

# snat_datapath HOST REMOTE REMOTE PORT...: PORT is DEVICE=LDP:LPORT
snat_datapath() {
	local host=$1 one=$2 other=$3 p
	shift 3
	ip -n "mfe$host" link add gnv0 up type geneve external || bail 'no Geneve'
	{
		echo 'dp add weft0'
		echo "port add gnv0 id 1 type geneve remote 192.0.2.$one remote 192.0.2.$other"
		for p; do echo "port add ${p%%=*} vm vm-${p%%=*} lport ${p#*=}"; done
	} | mfe "$host" -b - >"$TMP/out" || bail "mfe$host: $(cat "$TMP/out")"
}

# snat_stacks: give the machines addresses, for real connections
snat_stacks() {
	local vm address router
	while read -r vm address router; do
		batch "$vm" <<-END
			addr add $address/24 dev eth0
			neigh add ${address%.*}.254 lladdr $router dev eth0
			route add default via ${address%.*}.254
		END
	done <<-END
		vm1 10.0.1.1 $MAC_X
		vm2 10.0.1.2 $MAC_X
		vm3 10.0.2.1 $MAC_Y
		vm4 10.0.1.1 $MAC_X
		vm5 10.0.2.1 $MAC_Y
	END
}

# ---- templates -----------------------------------------------------------------------------

# A tenant's logical datapaths are FIRST and FIRST + 1 (switches) and FIRST + 2 (router);
# its templates FIRST + 4 and up, its slices FIRST and up, its pools FIRST + 2 and up.

# who_gives POOL: the head of a template in the mode of this test
who_gives() {
	if [ "$SNAT_MODE" = service ]; then echo mode=service service=nat pending_timeout=5
	else echo mode=kernel pool=$1; fi
}

# snat_templates FIRST
snat_templates() {
	local snat=$(($1 + 4)) sanitise=$(($1 + 5)) hint=$(($1 + 6)) dnat=$(($1 + 7))
	local five='ldp=$ldp, $proto, ip_src=$ip_src, ip_dst=$ip_dst, $sport, $dport'
	local echo='ldp=$ldp, ip, icmp, icmp_type=8, ip_src=$ip_src, ip_dst=$ip_dst, icmp_id=$icmp_id'
	local to_n="load:lout=$N, resubmit:$ROUT, load:lin=$N, set:mark=1/1"
	cat <<-END
		template $snat snat$1 $(who_gives $(($1 + 2))) slice=$1 track=state $SNAT_TIMES
		  forward: table=$POLICY, $five
		    actions= $to_n, set:ip_src=@ip, set:l4_src=@port, goto:$RIN
		  reverse: reply, table=$UNNAT, ldp=\$ldp, \$proto, ip_src=\$ip_dst, ip_dst=@ip,
		    l4_src=\$l4_dst, l4_dst=@port
		    actions= set:ip_dst=\$ip_src, set:l4_dst=\$l4_src, goto:$ROUTE
		  ping: when=ipv4|echo, table=$POLICY, $echo
		    actions= $to_n, set:ip_src=@ip, set:icmp_id=@port, goto:$RIN
		  pong: when=ipv4|echo, reply, table=$UNNAT, ldp=\$ldp, ip, icmp, icmp_type=0,
		    ip_src=\$ip_dst, ip_dst=@ip, icmp_id=@port
		    actions= set:ip_dst=\$ip_src, set:icmp_id=\$icmp_id, goto:$ROUTE

		template $sanitise sanitise$1 $(who_gives $(($1 + 3))) slice=$(($1 + 1)) idle=$SNAT_IDLE
		  clean: table=$LAST, mark=\$mark, tun_src=\$tun_src, $five
		    actions= set:l4_src=@port, goto:$REMEMBER
		  undo: reply, table=$UNSAN, ldp=\$ldp, \$proto, ip_src=\$ip_dst, ip_dst=\$ip_src,
		    l4_src=\$l4_dst, l4_dst=@port
		    actions= set:l4_dst=\$l4_src, goto:$BACK
		  ping: when=ipv4|echo, table=$LAST, mark=\$mark, tun_src=\$tun_src, $echo
		    actions= set:icmp_id=@port, goto:$REMEMBER
		  pong: when=ipv4|echo, reply, table=$UNSAN, ldp=\$ldp, ip, icmp, icmp_type=0,
		    ip_src=\$ip_dst, ip_dst=\$ip_src, icmp_id=@port
		    actions= set:icmp_id=\$icmp_id, goto:$BACK

		template $hint hint$1 mode=kernel slice=$(($1 + 3)) idle=$SNAT_IDLE
		  back: reply, table=$HINT, ldp=\$ldp, reg3=\$reg3, \$proto, ip_src=\$ip_dst, ip_dst=\$ip_src,
		    l4_src=\$l4_dst, l4_dst=\$l4_src
		    actions= load:stage=15, set:reg0=\$tun_src, goto:$UNSAN
		  pong: when=ipv4|echo, reply, table=$HINT, ldp=\$ldp, reg3=\$reg3, ip, icmp, icmp_type=0,
		    ip_src=\$ip_dst, ip_dst=\$ip_src, icmp_id=\$icmp_id
		    actions= load:stage=15, set:reg0=\$tun_src, goto:$UNSAN

		template $dnat dnat$1 $(who_gives $(($1 + 4)) | sed 's/pool=[0-9]*/& map_field=ip_dst/') slice=$(($1 + 2)) track=state
		  forward: table=$POLICY, $five
		    actions= set:mark=1/1, set:ip_dst=@ip, goto:$ROUTE
		  reverse: reply, table=$UNNAT, ldp=\$ldp, \$proto, ip_src=@ip, ip_dst=\$ip_src,
		    l4_src=\$l4_dst, l4_dst=\$l4_src
		    actions= set:ip_src=\$ip_dst, goto:$ROUTE
	END
}

# snat_pools FIRST: of a host; the template of hints has none
snat_pools() {
	[ "$SNAT_MODE" = kernel ] || return 0
	cat <<-END
		pool add $(($1 + 2)) $POOL
		pool add $(($1 + 3)) $SANITISE
		pool add $(($1 + 4)) map 11.0.1.200=10.0.1.1
	END
}

# ---- entries -------------------------------------------------------------------------------

# snat_tenant FIRST: what is the same on every host
snat_tenant() {
	local s1=$1 s2=$(($1 + 1)) r=$(($1 + 2))
	local snat=$(($1 + 4)) sanitise=$(($1 + 5)) hint=$(($1 + 6)) dnat=$(($1 + 7)) s vm
	while read -r vm; do echo "table=$IN, priority=100, $vm actions= goto:$L2"; done <<-END
		ldp=$s1, lin=1, eth_src=$MAC_VM1, ip, ip_src=10.0.1.1
		ldp=$s1, lin=2, eth_src=$MAC_VM2, ip, ip_src=10.0.1.2
		ldp=$s2, lin=5, eth_src=$MAC_VM3, ip, ip_src=10.0.2.1
	END
	cat <<-END
		table=$L2, ldp=$s1, eth_dst=$MAC_VM1 actions= load:lout=1, goto:$OUT
		table=$L2, ldp=$s1, eth_dst=$MAC_VM2 actions= load:lout=2, goto:$OUT
		table=$L2, ldp=$s1, eth_dst=$MAC_X actions= load:lout=3, goto:$OUT
		table=$L2, ldp=$s2, eth_dst=$MAC_Y actions= load:lout=4, goto:$OUT
		table=$L2, ldp=$s2, eth_dst=$MAC_VM3 actions= load:lout=5, goto:$OUT
		table=$OUT, priority=50, ldp=$s1, lout=3 actions= load:ldp=$r, load:lin=$X, load:lout=0, goto:$RIN
		table=$OUT, priority=50, ldp=$s2, lout=4 actions= load:ldp=$r, load:lin=$Y, load:lout=0, goto:$RIN
		table=$OUT, priority=1, ldp=$s1 actions= goto:$MAP
		table=$OUT, priority=1, ldp=$s2 actions= goto:$MAP

		table=$RIN, ldp=$r, lin=$X, ip, ip_src=10.0.1.0/24 actions= goto:$UNNAT
		table=$RIN, ldp=$r, lin=$Y, ip, ip_src=10.0.2.0/24 actions= goto:$UNNAT
		table=$RIN, ldp=$r, lin=$N, ip actions= goto:$ROUTE
		table=$UNNAT, priority=0, ldp=$r actions= goto:$POLICY
		table=$POLICY, priority=100, ldp=$r, ip, ip_src=10.0.1.0/24 actions= load:lout=$N, resubmit:$ROUT, template:$snat
		table=$POLICY, priority=100, ldp=$r, ip, ip_dst=11.0.1.200 actions= template:$dnat
		table=$POLICY, priority=0, ldp=$r actions= goto:$ROUTE
		table=$ROUTE, ldp=$r, ip, ip_dst=10.0.1.0/24 actions= dec_ttl, load:lout=$X, goto:$NAT
		table=$ROUTE, ldp=$r, ip, ip_dst=10.0.2.0/24 actions= dec_ttl, load:lout=$Y, goto:$NAT
		table=$NAT, priority=0, ldp=$r actions= goto:$ROUT
		table=$ROUT, ldp=$r, lout=$N actions= load:reg1=$N
		table=$ROUT, ldp=$r, lout=$X actions= goto:$MAC
		table=$ROUT, ldp=$r, lout=$Y actions= goto:$MAC
		table=$MAC, ldp=$r, lout=$X, ip, ip_dst=10.0.1.1 actions= set:eth_src=$MAC_X, set:eth_dst=$MAC_VM1, load:ldp=$s1, load:lin=3, goto:$IN2
		table=$MAC, ldp=$r, lout=$X, ip, ip_dst=10.0.1.2 actions= set:eth_src=$MAC_X, set:eth_dst=$MAC_VM2, load:ldp=$s1, load:lin=3, goto:$IN2
		table=$MAC, ldp=$r, lout=$Y, ip, ip_dst=10.0.2.1 actions= set:eth_src=$MAC_Y, set:eth_dst=$MAC_VM3, load:ldp=$s2, load:lin=4, goto:$IN2

		table=$IN2, ldp=$s1, lin=3 actions= goto:$L22
		table=$IN2, ldp=$s2, lin=4 actions= goto:$L22
		table=$L22, ldp=$s1, eth_dst=$MAC_VM1 actions= load:lout=1, goto:$MAP
		table=$L22, ldp=$s1, eth_dst=$MAC_VM2 actions= load:lout=2, goto:$MAP
		table=$L22, ldp=$s2, eth_dst=$MAC_VM3 actions= load:lout=5, goto:$MAP
	END
	for s in $s1 $s2; do
		cat <<-END
			table=$LAST, priority=100, ldp=$s, mark=1/1, ip actions= template:$sanitise
			table=$REMEMBER, priority=100, ldp=$s, mark=1/1, ip actions= move:lout->reg3[0..15], template:$hint, goto:$OUT2
			table=$OUT2, priority=100, ldp=$s, tcp, tcp_dst=23 actions= drop:acl
			table=$OUT2, priority=1, ldp=$s actions= goto:$DELIVER
		END
	done
}

# snat_map FIRST HOST VM1 VM2 VM3: on which hosts a tenant's machines are; 0: nowhere
snat_map() {
	local s1=$1 s2=$(($1 + 1)) host=$2 ldp lport where
	while read -r ldp lport where; do
		case $where in
		0) continue ;;
		"$host") echo "table=$MAP, ldp=$ldp, lout=$lport actions= goto:$OUT2" ;;
		*) echo "table=$MAP, ldp=$ldp, lout=$lport actions= load:stage=1, tunnel:192.0.2.$where" ;;
		esac
	done <<-END
		$s1 1 $3
		$s1 2 $4
		$s2 5 $5
	END
}

# snat_host HOST PORT...: the rest; PORT is DEVICE=LDP:LPORT
snat_host() {
	local host=$1 p n
	shift
	for p; do
		n=${p##*:}
		echo "in_port=${p%%=*} actions= defrag, load:ldp=$(cut -d= -f2 <<<"${p%:*}"), load:lin=$n, load:reg3=$n, goto:$HINT"
	done
	for n in 1 2 3; do
		[ $n = "$host" ] || echo "table=$BACK, reg0=0xc000020$n actions= tunnel:192.0.2.$n"
	done
	cat <<-END
		in_port=gnv0, stage=1 actions= defrag, load:stage=0, goto:$LAST
		in_port=gnv0, stage=15 actions= defrag, load:stage=0, goto:$IN
		table=$HINT, priority=0 actions= goto:$IN
		table=$IN, priority=0 actions= drop:spoof
		table=$ROUTE, priority=0 actions= drop:no_route
		table=$LAST, priority=0 actions= goto:$REMEMBER
		table=$REMEMBER, priority=0 actions= goto:$OUT2
		table=$DELIVER actions= output:lout
		table=$UNSAN, priority=0 actions= goto:$BACK
	END
}

# snat_set_up kernel|service: all of it
snat_set_up() {
	local host
	local -a ports=([1]='C=1:1 C2=11:1' [2]='I=1:2' [3]='F=2:5 F2=12:5')
	SNAT_MODE=$1
	weft_load
	snat_hosts
	snat_datapath 1 2 3 C=1:1 C2=11:1
	snat_datapath 2 1 3 I=1:2
	snat_datapath 3 1 2 F=2:5 F2=12:5
	{ snat_templates 1 && snat_templates 11; } >"$TMP/templates"
	{ snat_pools 1 && snat_pools 11; } >"$TMP/pools"
	{ snat_tenant 1 && snat_tenant 11; } >"$TMP/tenants"
	for host in 1 2 3; do
		# shellcheck disable=SC2086	# words
		{
			cat "$TMP/tenants"
			snat_host $host ${ports[host]}
			snat_map 1 $host 1 2 3
			snat_map 11 $host 1 0 3
		} >"$TMP/flows$host"
		mfe $host -b "$TMP/pools" >"$TMP/out" 2>&1 || bail "pools: $(cat "$TMP/out")"
		mfe $host template add -f "$TMP/templates" >"$TMP/out" 2>&1 ||
			bail "templates: $(cat "$TMP/out")"
		mfe $host flow load "$TMP/flows$host" >"$TMP/out" 2>&1 ||
			bail "entries: $(cat "$TMP/out")"
	done
}

# ---- cases written in Python ---------------------------------------------------------------

# snat_cases ARGUMENT...: py/snat.py, whose results become this test's
snat_cases() {
	snat_python snat.py "$@"
}

# snat_python FILE ARGUMENT...: the same of another file in py/
snat_python() {
	local line end=''
	shopt -s lastpipe	# the results are counted here
	/usr/bin/python3 "$LIB_DIR/py/$1" "${@:2}" 2>&1 | while read -r line; do
		case $line in
		'ok '*'# SKIP '*)
			line=${line#ok * - }
			skip "${line% # SKIP *}" "${line##*# SKIP }"
			;;
		'ok '*) pass "${line#ok * - }" ;;
		'not ok '*) fail "${line#not ok * - }" ;;
		1..*) end=1 ;;
		'#'*) echo "$line" ;;
		*) diag "$line" ;;
		esac
	done
	shopt -u lastpipe
	[ -n "$end" ] || fail 'the cases came to their end'
}

# ---- real connections ----------------------------------------------------------------------

# listens NS PORT: for wait_until
listens() { [ -n "$(in_ns "$1" ss -Hltn "sport = $2")" ]; }

# snat_connections: stacks at both ends; behind snat_stacks, and whoever gives values is there
snat_connections() {
	local size=4000000
	ok 'SN12 ping through SNAT' in_ns vm1 ping -q -c 3 -i 0.2 -W 2 10.0.2.1
	ok "SN12 ping of the other machine" in_ns vm2 ping -q -c 3 -i 0.2 -W 2 10.0.2.1
	ok 'SN12 a large ping, in fragments' in_ns vm1 ping -q -c 3 -i 0.2 -W 2 -s 4000 10.0.2.1
	ok 'SN12 a large ping of the other machine' in_ns vm2 ping -q -c 3 -i 0.2 -W 2 -s 4000 10.0.2.1
	head -c 3000 /dev/urandom >"$TMP/datagram"
	in_ns vm3 socat -b 65536 UDP-LISTEN:82,fork,reuseaddr PIPE &
	wait_until 10 matches ':82 ' in_ns vm3 ss -lun >/dev/null
	in_ns vm1 timeout 20 socat -b 65536 -t 1 - UDP:10.0.2.1:82 <"$TMP/datagram" >"$TMP/echo"
	ok 'SN12 UDP of 3 kB, there and back' cmp "$TMP/datagram" "$TMP/echo"
	head -c $size /dev/urandom >"$TMP/file"
	in_ns vm3 socat -u TCP-LISTEN:80,fork,reuseaddr "CREATE:$TMP/got" &
	wait_until 10 listens vm3 80 >/dev/null
	ok 'SN12 TCP through SNAT: a transfer' in_ns vm1 timeout 60 socat -u "FILE:$TMP/file" TCP:10.0.2.1:80
	ok 'SN12 TCP through SNAT: all of it arrives' wait_until 10 cmp "$TMP/file" "$TMP/got"
	ok 'SN12 TCP through SNAT: its end is seen' wait_until 5 matches 'state=tcp_clos' \
		mfe 1 instance show slice=1, ip_proto=6
	in_ns vm3 iperf3 -s -1 -D --logfile "$TMP/iperf.log"
	wait_until 10 listens vm3 5201 >/dev/null
	ok 'SN12 TCP through SNAT: iperf3, the other direction' \
		in_ns vm1 timeout 60 iperf3 -R -t 1 -c 10.0.2.1
	in_ns vm1 socat TCP-LISTEN:80,fork,reuseaddr \
		'SYSTEM:read request; echo HTTP/1.0 200 OK; echo; echo this is vm1 asked by $SOCAT_PEERADDR' &
	wait_until 10 listens vm1 80 >/dev/null
	is "$(in_ns vm3 curl -sS --max-time 30 http://11.0.1.200/ 2>&1)" 'this is vm1 asked by 10.0.2.1' \
		'AT-35 DNAT at the source edge: a web page'
	in_ns vm3 socat TCP-LISTEN:8080,fork,reuseaddr \
		'SYSTEM:read request; echo HTTP/1.0 200 OK; echo; echo asked by $SOCAT_PEERADDR' &
	wait_until 10 listens vm3 8080 >/dev/null
	like "$(in_ns vm1 curl -sS --max-time 30 http://10.0.2.1:8080/ 2>&1)" 'asked by 11\.0\.1\.[0-9]+$' \
		'AT-29 SNAT forward: a web page'
}

# snat_daemon: who gives values in mode service, until the test ends
snat_daemon() {
	mkfifo "$TMP/control"
	/usr/bin/python3 "$LIB_DIR/py/snat.py" serve <"$TMP/control" >"$TMP/daemon" 2>&1 &
	exec 9>"$TMP/control"
	wait_until 30 grep -q ready "$TMP/daemon" || bail "the daemon: $(cat "$TMP/daemon")"
}
