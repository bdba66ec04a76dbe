# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# lib.sh - in a guest: what the groups of the benchmark share; sourced by bench/guest.
#
#   GROUP   its name            UNIT    instr (the guest's clock counts instructions) or ns
#   DUTS    the datapaths under test, measured one after the other in every round, so that
#           ratios are paired.  A digit at the end makes a second instance of one.
#   ROUNDS  COUNT (packets a round)  QUICK (set: small sizes)
#   CASES   a pattern of the shell's: groups that ask (wanted) do only cases that it matches
#
# A result is a line "DATA {...}" on standard output; bench/results.py reads them.  Every round says how
# many packets were sent and how many came out: a drop looks fast.

SMAC=02:00:00:00:00:01
DMAC=02:00:00:00:00:99
PKTGEN=/proc/net/pktgen

die() {
	echo "FAIL: $*"
	exit 1
}

# kind DUT: openvswitch2 is an openvswitch
kind() { echo "${1%%[0-9]*}"; }

# dut DUT WHAT ARGUMENT...: call the function WHAT of bench/dut/KIND.sh
dut() {
	local d=$1 f
	f=${d%%[0-9]*}_$2
	shift 2
	"$f" "$d" "$@" || die "$f $d $*"
}

# can DUT WHAT: there is such a function
can() { declare -F "${1%%[0-9]*}_$2" >/dev/null; }

# keep WHAT: leave only those DUTS that can do it
keep() {
	local d out=()
	for d in $DUTS; do ! can "$d" "$1" || out+=("$d"); done
	DUTS=${out[*]}
}

# wanted CASE: is it to be measured?
wanted() {
	# shellcheck disable=SC2254	# a pattern
	case $1 in ${CASES:-*}) return 0 ;; esac
	return 1
}

has() { case " $DUTS" in *" $1"*) return 0 ;; esac; return 1; }

# row CASE DUT ROUND UNIT VALUE SENT GOT: a result; it does not count if SENT and GOT differ
row() {
	local by=time
	[ "$UNIT" != instr ] || by=instr
	printf 'DATA {"group":"%s","instrument":"%s","case":"%s","dut":"%s","round":%d,"unit":"%s","value":%s,' \
		"$GROUP" "$by" "${@:1:5}"
	printf '"sent":%d,"got":%d}\n' "$6" "$7"
}

# no_ipv6 [NS]: no neighbour discovery among the packets that are counted
no_ipv6() {
	${1:+ip netns exec "$1"} bash -c 'for f in all default; do
		echo 1 >/proc/sys/net/ipv6/conf/$f/disable_ipv6; done'
}

# veth A B: a wire, both ends here
veth() {
	ip -batch - <<-END || die "veth $1 $2"
		link add $1 type veth peer name $2
		link set $1 up
		link set $2 up
	END
}

dummy() {
	ip link add "$1" type dummy && ip link set "$1" up || die "dummy $1"
}

netns() {
	local n
	for n; do
		ip netns add "$n" && no_ipv6 "$n" && ip -n "$n" link set lo up || die "netns $n"
	done
}

# ---- pktgen --------------------------------------------------------------------------------

pg() {
	local d=$1
	shift
	echo "$*" >"$PKTGEN/$d" || die "pktgen $d: $*"
}

# plan_flows N: SPORTS x DPORTS tuples, about N.  The numbers are coprime: in sequence
# pktgen then visits each tuple once.
plan_flows() {
	case $1 in
	1000) SPORTS=1000 DPORTS=1 ;;
	10000) SPORTS=10000 DPORTS=1 ;;
	100000) SPORTS=9091 DPORTS=11 ;;
	*) SPORTS=$1 DPORTS=1 ;;
	esac
	FLOWS=$((SPORTS * DPORTS))
}

# pg_plan DEV COUNT [random|sequence]: frames of 60 bytes (64 with the checksum) as planned.  No forks.
pg_plan() {
	local d=$1 n=$2 order=${3:-random}
	echo rem_device_all >$PKTGEN/kpktgend_0
	echo "add_device $d" >$PKTGEN/kpktgend_0
	pg "$d" count "$n"
	pg "$d" delay "${PG_DELAY:-0}"
	pg "$d" pkt_size "${SIZE:-60}"
	pg "$d" dst_mac "${PG_DMAC:-$DMAC}"
	pg "$d" src_mac "${PG_SMAC:-$SMAC}"
	pg "$d" dst "${PG_DST:-10.0.0.2}"
	pg "$d" src_min "${PG_SRC:-10.0.0.1}"
	pg "$d" src_max "${PG_SRC:-10.0.0.1}"
	[ -z "${PG_RX:-}" ] || pg "$d" xmit_mode netif_receive
	# the upper bound is never reached, but for one that equals the lower
	pg "$d" udp_src_min "${PG_SPORT:-1000}"
	pg "$d" udp_src_max $((${PG_SPORT:-1000} + (SPORTS > 1 ? SPORTS : 0)))
	pg "$d" udp_dst_min "${PG_DPORT:-2000}"
	pg "$d" udp_dst_max $((${PG_DPORT:-2000} + (DPORTS > 1 ? DPORTS : 0)))
	if [ "$order" = random ]; then
		[ "$SPORTS" = 1 ] || pg "$d" flag UDPSRC_RND
		[ "$DPORTS" = 1 ] || pg "$d" flag UDPDST_RND
	fi
}

# pg_start DEV: send them, as often as one likes; sets USEC and SENT
pg_start() {
	local d=$1 line lines
	echo start >$PKTGEN/pgctrl
	mapfile -t lines <"$PKTGEN/$d"
	USEC='' SENT=''
	for line in "${lines[@]}"; do
		case $line in
		*'pkts-sofar: '*) line=${line#*sofar: } SENT=${line%% *} ;;
		*'Result: OK: '*) line=${line#*OK: } USEC=${line%%(*} ;;
		esac
	done
	[ -n "$USEC" ] || die "pktgen $d: ${lines[*]}"
}

# pg_run DEV COUNT [random|sequence]
pg_run() {
	pg_plan "$@"
	pg_start "$1"
}

# pause SECONDS: no forks; the clock that counts instructions leaps while the host starts a program
pause() {
	[ -e /run/never ] || mkfifo /run/never
	[ -n "${NEVER:-}" ] || exec {NEVER}<>/run/never
	read -r -t "$1" -u "$NEVER"
	return 0
}

# divide A B [DIGITS]
divide() { awk -v a="$1" -v b="$2" -v d="${3:-1}" 'BEGIN { printf "%.*f", d, a / b }'; }

# counted DEV STATISTIC: sets COUNTED
counted() { read -r COUNTED <"/sys/class/net/$1/statistics/$2"; }

# What runs between the two is what bench/profile shows
profile_start() { [ -z "${PROFILE:-}" ] || mark start; }

profile_stop() { # CASE DUT NUMBER [OF-WHAT]
	[ -z "${PROFILE:-}" ] || { mark stop; echo "PROFILE $3 ${4:-packet} $2 $GROUP $1"; }
}

# measure CASE: run all DUTS in turn.  IN[] is where pktgen sends, OUT[] the device that counts by
# STAT[] what came through; a DUT without OUT is not checked.
declare -A IN OUT STAT
measure() {
	local d r before
	for d in $DUTS; do
		pg_run "${IN[$d]}" $((FLOWS > 1 ? FLOWS * 2 : COUNT / 4 + 1000)) sequence
	done
	for ((r = 1; r <= ROUNDS; r++)); do
		for d in $DUTS; do
			COUNTED=0
			[ -z "${OUT[$d]:-}" ] || counted "${OUT[$d]}" "${STAT[$d]}"
			before=$COUNTED
			profile_start
			pg_run "${IN[$d]}" "$COUNT"
			profile_stop "$1" "$d" "$COUNT"
			[ -z "${OUT[$d]:-}" ] || counted "${OUT[$d]}" "${STAT[$d]}"
			[ -n "${OUT[$d]:-}" ] || COUNTED=$((before + COUNT))
			row "$1" "$d" "$r" "$UNIT" "$((USEC * 1000 / COUNT)).$((USEC * 10000 / COUNT % 10))" \
				"$COUNT" $((COUNTED - before))
		done
	done
}

# wires veth|dummy: IN, OUT and STAT for every DUT; PORT_IN[] and PORT_OUT[] are what it is to
# connect.  veth: pktgen -> a | b DUT c | d, d drops; dummy: pktgen makes b receive, c drops.
declare -A PORT_IN PORT_OUT
ID=0
wires() {
	local d
	IN=() OUT=() STAT=()
	for d in $DUTS; do
		ID=$((ID + 1))
		PORT_IN[$d]=b$ID PORT_OUT[$d]=c$ID
		case $1 in
		veth)
			veth a$ID b$ID
			IN[$d]=a$ID OUT[$d]=b$ID STAT[$d]=rx_packets
			[ "$(kind "$d")" = none ] || { veth d$ID c$ID; OUT[$d]=d$ID; }
			;;
		dummy)
			dummy b$ID
			dummy c$ID
			IN[$d]=b$ID OUT[$d]=c$ID STAT[$d]=tx_packets
			[ "$(kind "$d")" != none ] || unset "OUT[$d]"
			;;
		esac
	done
	[ "$1" = dummy ] && PG_RX=1 || PG_RX=
}

# unwire: the DUTs' own part, then the wires
unwire() {
	local d i
	for d in $DUTS; do dut "$d" undo; done
	for i in /sys/class/net/[abcd][0-9]*; do
		i=${i##*/}
		[ ! -e "/sys/class/net/$i" ] || ip link del "$i"
	done
}

# ---- memory --------------------------------------------------------------------------------

# kernel_memory: sets BYTES, once they are still: what RCU frees goes later
kernel_memory() {
	local key value unit was=-1 n
	BYTES=0
	for ((n = 0; n < 100 && was != BYTES; n++)); do
		was=$BYTES BYTES=0
		[ "$n" = 0 ] || pause 0.1
		while read -r key value unit; do
			case $key in SUnreclaim: | VmallocUsed: | Percpu:) BYTES=$((BYTES + value * 1024)) ;; esac
		done </proc/meminfo
	done
}

# settle: what the case before had is freed in the background, and not at one go
settle() {
	local n was
	for ((n = 0; n < 30; n++)); do
		kernel_memory
		was=$BYTES
		pause 2
		kernel_memory
		[ "$BYTES" -lt $((was - 65536)) ] || return 0
	done
	die 'memory is still being freed'
}

# ---- source NAT ----------------------------------------------------------------------------

# 10.0.1.1 is seen by 10.0.2.1 as 11.0.1.1; both ends are on one wire with the datapath, routers answer
# to the MAC address of the other end
NAT_INSIDE=10.0.1.1 NAT_SERVER=10.0.2.1 NAT_OUTSIDE=11.0.1.1

# nat_plan PORTS: of 11.0.1.1 that are given out; and pktgen sends from inside
nat_plan() {
	NAT_PORTS=$1 PG_SRC=$NAT_INSIDE PG_DST=$NAT_SERVER
	! has nft || modprobe -a nf_tables nft_chain_nat nft_masq || die nft
}

# nat_answer DUT N: pktgen sends answers from port 2000 to the first N ports that are given out, or N to
# the only one; sets ANSWERS, how many came through
nat_answer() {
	local first=${NAT_PORTS%-*} last=${NAT_PORTS#*-} n before
	counted "${IN[$1]}" rx_packets
	before=$COUNTED
	PG_SRC=$NAT_SERVER PG_DST=$NAT_OUTSIDE PG_SMAC=$DMAC PG_DMAC=$SMAC PG_SPORT=2000 PG_DPORT=$first \
		SPORTS=1 DPORTS=$((first == last ? 1 : $2)) pg_run "${OUT[$1]}" "$2" sequence
	for ((n = 0; n < 100; n++)); do
		counted "${IN[$1]}" rx_packets
		ANSWERS=$((COUNTED - before))
		[ "$ANSWERS" -lt "$2" ] || break
		pause 0.05
	done
}

# ---- TCP -----------------------------------------------------------------------------------

# tcp_rounds CASE [STATE...]: iperf3 from namespace X$i to Y$i (10.9.0.2) of every DUT, i being IN[DUT], in
# turn; with segmentation offloads ("offloads on"), and without ("offloads off"): then each segment goes
# through the datapath.  A STATE is one of the two, or says how else the wires are, which the caller has
# seen to.  Instructions are those of both ends and of all between them, a megabyte; there the amount is
# given and not the time, and the window, as with one that TCP chooses the cost jumps by a tenth from run to
# run.
tcp_rounds() {
	local d r i k n rate much rounds=$ROUNDS name=$1
	shift
	[ $# -gt 0 ] || set -- 'offloads on' 'offloads off'
	[ "$UNIT" = instr ] || rounds=$(((ROUNDS + 2) / 3))
	for d in $DUTS; do
		i=${IN[$d]}
		ip netns exec "Y$i" iperf3 -s -D -I "/run/iperf.$i" --logfile /run/iperf.log || die iperf3
		for ((n = 0; n < 100; n++)); do
			[ -z "$(ip netns exec "Y$i" ss -Hltn 'sport = 5201')" ] || break
			sleep 0.1
		done
	done
	for k; do
		much=${MEGABYTES:-100}M
		if [ "$k" = 'offloads off' ]; then
			much=$((${MEGABYTES:-100} / 5))M
			for d in $DUTS; do
				for i in "X${IN[$d]}" "Y${IN[$d]}"; do
					ip netns exec "$i" ethtool -K e0 tso off gso off gro off >/dev/null
				done
			done
		fi
		for ((r = 1; r <= rounds; r++)); do
			for d in $DUTS; do
				i=${IN[$d]}
				profile_start
				if [ "$UNIT" = instr ]; then
					rate=$(tcp_json "$i" '.seconds * 1e15 / .bytes' -w 200K -n "$much")
					row "$name, $k, a megabyte" "$d" "$r" instr "${rate:-0}" 1 "${rate:+1}"
				else
					rate=$(tcp_json "$i" '.bits_per_second / 1e6' -t "${SECONDS_TCP:-1}")
					row "$name, $k" "$d" "$r" Mbit/s "${rate:-0}" 1 "${rate:+1}"
				fi
				profile_stop "$name, $k" "$d" "${much%M}" megabyte
			done
		done
	done
	for d in $DUTS; do kill "$(tr -d '\0' <"/run/iperf.${IN[$d]}")"; done
}

# tcp_json NUMBER EXPRESSION ARGUMENT...: what the receiver says. What reads it starts when all is over: else
# its start would be counted.
tcp_json() {
	local i=$1 what=$2 json
	shift 2
	json=$(ip netns exec "X$i" iperf3 -J -c 10.9.0.2 "$@")
	jq ".end.sum_received | $what * 10 | round / 10" <<<"$json"
}
