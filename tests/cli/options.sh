#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Words of commands that are wrong, the module that is not there, output that
# cannot be written.
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"

wrong()
{
	local message=$1

	shift
	run weft "$@"
	is "weft $*" "$status ${err%%; see: *}" "2 weft: $message"
}

wrong "the datapath's name is missing" dp add
wrong '"averyveryverylongname" is no name of a datapath: 1 to 15 characters' dp add averyveryverylongname
wrong '"max_flows" needs a value' dp add br0 max_flows
wrong 'max_flows "many" is not a number' dp add br0 max_flows many
wrong 'max_flows "0" is out of range: 1 to 4294967295' dp add br0 max_flows 0
wrong '"max_flows" is given twice' dp add br0 max_flows 1 max_flows 2
wrong '"max_cached" needs a value' dp add br0 max_cached
wrong 'max_cached "-1" is not a number' dp add br0 max_cached -1
wrong 'max_cached "4294967296" is out of range: 0 to 4294967295' dp set br0 max_cached 4294967296
wrong '"max_cached" is given twice' dp set br0 max_cached 0 max_flows 1 max_cached 0
wrong 'unexpected word "max_caches"' dp set br0 max_caches 0
wrong 'nothing to set' dp set br0
wrong 'max_instances_slice "x" is not a number' dp add br0 max_instances_slice x
wrong '"max_instances" is given twice' dp set br0 max_instances 1 max_instances 1
wrong 'the pool is missing' pool add
wrong 'the pool is missing' pool del
wrong 'pool "65536" is not a number from 1 to 65535' pool show 65536
wrong 'unexpected word "4"' pool show 3 4
wrong 'the template is missing' template add
wrong 'the template is missing' template del
wrong '"-f" needs a value' template parse -f
wrong 'unexpected word "x"' template parse -f file x
wrong 'the filter is missing (all instances: all)' instance cut
wrong 'the file is missing' instance import
wrong 'the label is missing' label add
wrong '"0" is no label: 1 to 16777215' label add 0
wrong '"16777216" is no label: 1 to 16777215' label del 16777216
wrong 'the logical port is missing: lport LDP:LPORT' label add 7
wrong 'lport "7" is not LDP:LPORT (1 to 16777215, 1 to 65535)' label add 7 lport 7
wrong 'lport "7:65536" is not LDP:LPORT (1 to 16777215, 1 to 65535)' label add 7 lport 7:65536
wrong '"lport" is given twice' label add 7 lport 7:1 lport 7:2
wrong 'unexpected word "x"' label show 7 x
wrong 'mark "0x100000000" is no mask of 32 bits' port add eth0 mark 0x100000000
wrong 'the device is missing' port add
wrong '"averyveryverylongname" is no name of a device' port add averyveryverylongname
wrong 'unknown type "patch": netdev, internal, geneve, gre or stt' port add eth0 type patch
wrong 'unknown class "guest": vif, fabric or service' port add eth0 class guest
wrong 'id "65536" is out of range: 1 to 65535' port add eth0 id 65536
wrong 'lport "7" is not LDP:LPORT (1 to 16777215, 1 to 65535)' port add eth0 lport 7
wrong 'lport "0:1" is not LDP:LPORT (1 to 16777215, 1 to 65535)' port add eth0 lport 0:1
wrong 'remote "10.0.0" is neither an IPv4 nor an IPv6 address' port add eth0 remote 10.0.0
wrong 'opt "4=1:1:4" is not SLOT=CLASS:TYPE:LEN (0 to 3, 0 to 65535, 0 to 255, 4, 8, 12 or 16)' port add eth0 opt 4=1:1:4
wrong 'option slot 0 is given twice' port add eth0 opt 0=1:1:4 opt 0=1:2:4
wrong 'mac "02:00:00:00:00" is no Ethernet address' port add eth0 mac 02:00:00:00:00
wrong 'the port is missing' port set
wrong 'nothing to set' port set eth0
wrong '"type" of a port cannot be changed' port set eth0 type netdev
wrong 'unexpected word "colour"' port set eth0 colour blue
wrong '"dp" needs a value' port add eth0 dp
wrong '"dp" is given twice' port add eth0 dp a dp b
wrong 'table "256" is not a number from 0 to 255' table set 256 miss drop
wrong '"miss" is missing' table set 1
wrong '"miss" needs a value' table set 1 miss
wrong 'the entry is missing' flow add
wrong 'the filter is missing (all entries: weft flow flush)' flow del filter
wrong 'the file is missing' flow load
wrong 'the file is missing' txn
wrong 'the frame is missing: hex HEX, pcap FILE or -' packet inject in_port=1
wrong 'in_port=PORT is missing' packet inject hex 00112233445566778899aabb0800
wrong 'frame 1 has 3 bytes: an Ethernet frame has 14 to 65531' packet inject in_port=1 hex 001122
printf '%131064s' '' | tr ' ' 0 >"$tmp/long"
wrong 'frame 1 has 65532 bytes: an Ethernet frame has 14 to 65531' packet inject in_port=1 pcap "$tmp/long"
wrong 'line 1, column 3: no hex digit' packet inject in_port=1 hex 00x122
wrong 'line 1: odd number of hex digits' packet inject in_port=1 hex 00112
wrong 'the service is missing' packet listen
wrong 'count "0" is out of range: 1 to 4294967295' packet listen arp count 0
wrong 'unexpected word "flows"' monitor flows

printf 'not a capture' >"$tmp/hex"
wrong 'line 1, column 1: no hex digit' packet inject in_port=1 pcap "$tmp/hex"
printf '\xd4\xc3\xb2\xa1\x02\x00\x04\x00' >"$tmp/short"
wrong 'the capture file ends inside of packet 1' packet inject in_port=1 pcap "$tmp/short"
{
	printf '\xd4\xc3\xb2\xa1\x02\x00\x04\x00\0\0\0\0\0\0\0\0\xff\xff\0\0\x01\0\0\0'
	printf '\0\0\0\0\0\0\0\0\x40\0\0\0\x40\0\0\0abc'
} >"$tmp/cut"
wrong 'the capture file ends inside of packet 1' packet inject in_port=1 pcap "$tmp/cut"
: >"$tmp/empty"
wrong 'there is no frame' packet inject in_port=1 pcap "$tmp/empty"

run weft packet inject in_port=1 pcap "$tmp/nowhere"
is "a file that is not there" "$status $err" "1 weft: cannot read $tmp/nowhere: No such file or directory"
run weft -n no-such-namespace dp show
is "a namespace that is not there" "$status $err" \
	'1 weft: cannot open network namespace "no-such-namespace": No such file or directory'

if [ -d /sys/module/weft ]; then
	skip "no kernel module" "it is loaded"
else
	while read -r words; do
		# shellcheck disable=SC2086
		run weft $words
		is "no module: weft $words" "$status $err" \
			"3 weft: the kernel does not know weft: modprobe weft"
	done <<-END
		dp show
		dp add br0
		port show
		port add eth0 type netdev class vif vm x lport 1:2,3:4 remote 10.0.0.1 remote 2001:db8::1 opt 0=0x102:0x80:4
		table show
		flow show
		flow add actions=drop
		stats
		stats drops
		service show
		label show
		label show 7
		label add 7 lport 7:5
		label del 7
		pool show
		pool add 3 11.0.1.1-11.0.1.100:1024-65535 choice=random
		pool set 3 +11.0.2.0/24 -11.0.1.1-11.0.1.100:1024-65535 parity=no
		template show
		template add 5 forward: table=1 actions=drop
		instance show
		instance cut all
		instance export
		monitor
		packet listen arp
		packet inject in_port=1 hex 00112233445566778899aabb0800
	END
fi

if [ -e /dev/full ]; then
	weft help >/dev/full 2>"$tmp/err"
	is "a full disk" "$? $(cat "$tmp/err")" "1 weft: cannot write: No space left on device"
fi
weft help >&- 2>"$tmp/err"
is "standard output that is closed" "$?" 1
(trap '' PIPE; weft help 2>"$tmp/err"; echo $? >"$tmp/status") | :
like "a reader that is gone" "$(cat "$tmp/status")" "[01]"

finish
