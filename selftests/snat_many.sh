#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# group: long
# timeout: 150
# 100,000 connections at once through source NAT, of two hosts that have the same two addresses.
#
# See snat.bash. vm1 has more connections than an address has ports, and vm2 the same ports as vm1:
# the last hop tells them apart.
. "$(dirname "$0")/lib.sh"
. "$LIB_DIR/snat.bash"
POOL=11.0.1.1-11.0.1.2:1024-65535
# a port of an address once for each port of vm3: more than one address has may be under way to it
SANITISE='11.0.1.1-11.0.1.2:1-65535 reuse'
# none ends before all of them were looked at, on a busy machine, too
SNAT_IDLE=600
SNAT_TIMES="new=$SNAT_IDLE replied=$SNAT_IDLE"
snat_set_up kernel
n1=$(scaled 80000) n2=$(scaled 20000)
n=$((n1 + n2))
count() { mfe "$1" -s -j template show "$2" | jq '.[0].n_instances'; }
counts() { echo $(($(count 1 5) + $(count 2 5))) "$(count 3 6)" "$(count 3 7)"; }

# kernel_kib: what the kernel has for itself, once it is still: what RCU frees goes later
kernel_kib() {
	local was=-1 now=0 try
	for ((try = 0; try < 50 && was != now; try++)); do
		was=$now
		sleep 0.1
		now=$(awk '/^(SUnreclaim|VmallocUsed|Percpu):/ { n += $2 } END { print n }' /proc/meminfo)
	done
	echo "$now"
}

memory_is_back() { [ $((($(kernel_kib) - before) * 10)) -lt $((during - before)) ]; }

before=$(kernel_kib)
snat_python many.py "$(jq -nc --arg x $MAC_X --argjson n1 $n1 --argjson n2 $n2 '{ window: 1000, addresses: 2,
	senders: [{ ns: "vm1", dev: "eth0", mac: "02:00:00:00:01:01", gateway: $x, ip: "10.0.1.1", number: $n1 },
	          { ns: "vm2", dev: "eth0", mac: "02:00:00:00:01:02", gateway: $x, ip: "10.0.1.2", number: $n2 }],
	receiver: { ns: "vm3", dev: "eth0", ip: "10.0.2.1" },
	hosts: { mfe1: "slice=1", mfe2: "slice=1" } }')"
is "$(counts)" "$n $n $n" "at the first hops, the sanitiser and for hints there are $n each"
during=$(kernel_kib)
each=$(((during - before) * 1024 / n))
diag "$each bytes a connection, in 3 instances and the cached programs on 2 hosts"
# 3 instances in slabs of 640 bytes or less; programs are kept as far as the caches' limits allow
ok 'memory for a connection is as expected' eval '[ $each -gt 1200 ] && [ $each -lt 3000 ]'
ok "one machine's are cut" mfe 2 instance cut slice=1, ip_src=10.0.1.2
is "$(counts)" "$n1 $n $n" "and the other's are left"
for host in 1 2 3; do mfe $host instance cut all || fail "cut: mfe$host"; done
ok 'all of them end' wait_until 20 matches '^0 0 0$' counts
ok 'and their memory comes back' wait_until 20 memory_is_back
done_testing
