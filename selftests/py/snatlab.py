# SPDX-License-Identifier: Apache-2.0
"""snatlab.py - the hosts and machines of snat.bash, for tests in Python: frames, what is in
the tunnels, which entries counted a packet, and who gives the values of templates.
"""
import ctypes
import json
import os
import select
import struct
import subprocess
import sys
import time

import frame

HERE = os.path.dirname(os.path.abspath(__file__))
SLOW = int(os.environ.get("WEFT_SLOW", "1"))
LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
TAP = frame.Tap()

MAC_X, MAC_Y = "02:01:01:01:01:01", "02:01:01:01:01:02"
MACS = {1: "02:00:00:00:01:01", 2: "02:00:00:00:01:02", 3: "02:00:00:00:02:01",
        4: "02:00:00:00:01:01", 5: "02:00:00:00:02:01"}
ADDRESSES = {1: "10.0.1.1", 2: "10.0.1.2", 3: "10.0.2.1", 4: "10.0.1.1", 5: "10.0.2.1"}
GATEWAYS = {1: MAC_X, 2: MAC_X, 3: MAC_Y, 4: MAC_X, 5: MAC_Y}
HOSTS = (1, 2, 3)
TABLES = ("ctx hint in l2 out r_in unnat policy route r_out mac in2 l22 map last remember out2 "
          "deliver unsan back nat").split()
ROUTER_PORTS = {1: "X", 2: "Y", 9: "N"}
TCP, UDP, ICMP = 6, 17, 1
SYN, ACK, PSH = 2, 16, 8


def inside(namespace, make, *args):
    """make(*args) in another network namespace"""
    here = os.open("/proc/self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    try:
        if LIBC.setns(there, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"setns {namespace}")
        return make(*args)
    finally:
        LIBC.setns(here, CLONE_NEWNET)
        os.close(here)
        os.close(there)


def wait_for(what, seconds=5):
    end = time.monotonic() + seconds * SLOW
    while not (good := what()) and time.monotonic() < end:
        time.sleep(0.02)
    return good


# ---- frames --------------------------------------------------------------------------------

class Seen:
    """An IPv4 frame taken apart; sport and dport of an echo are its identifier"""

    def __init__(self, data):
        self.data = data
        self.dst, self.src = (":".join(f"{b:02x}" for b in data[i:i + 6]) for i in (0, 6))
        ip = data[14:]
        self.ttl, self.proto = ip[8], ip[9]
        self.ip_src, self.ip_dst = (".".join(map(str, ip[i:i + 4])) for i in (12, 16))
        length = struct.unpack("!H", ip[2:4])[0]
        head = (ip[0] & 15) * 4
        self.l4 = ip[head:length]
        self.bad = [] if frame.checksum(ip[:head]) == 0 else ["IP checksum"]
        self.sport = self.dport = self.payload = None
        if ip[6] & 0x3F or ip[7]:
            return      # a fragment says nothing about the rest
        if self.proto == ICMP:
            self.sport = self.dport = struct.unpack("!H", self.l4[4:6])[0]
            self.payload = self.l4[8:]
            good = frame.checksum(self.l4) == 0
        else:
            self.sport, self.dport = struct.unpack("!HH", self.l4[:4])
            self.payload = self.l4[8:] if self.proto == UDP else self.l4[20:]
            good = frame.checksum(self.l4, frame.pseudo(self.ip_src, self.ip_dst, self.proto,
                                                        len(self.l4))) == 0
            self.no_checksum = self.proto == UDP and self.l4[6:8] == b"\0\0"
            good = good or self.no_checksum
        if not good:
            self.bad.append("checksum of the payload")

    def ends(self):
        return self.ip_src, self.sport, self.ip_dst, self.dport

    def __repr__(self):
        return (f"{self.src} > {self.dst} {self.ip_src}:{self.sport} > {self.ip_dst}:{self.dport} "
                f"proto {self.proto} ttl {self.ttl} {self.bad or ''} {self.payload!r}")


def is_ipv4(data):
    return data[12:14] == b"\x08\0" and len(data) >= 34


def packet(vm, dst, sport, dport, proto=TCP, flags=SYN, data=b"data", reply=False, src=None,
           checksum=True):
    """From a machine to an address, by way of its router; of ICMP an echo, its id is sport"""
    src = src or ADDRESSES[vm]
    if proto == TCP:
        l4 = frame.tcp(src, dst, sport, dport, flags, data)
    elif proto == UDP:
        l4 = frame.udp(src, dst, sport, dport, data)
        if not checksum:
            l4 = l4[:6] + b"\0\0" + l4[8:]
    else:
        l4 = frame.icmp(0 if reply else 8, 0, sport << 16 | 1, data)
    return frame.ether(GATEWAYS[vm], MACS[vm], 0x800, frame.ipv4(src, dst, proto, l4))


def answer(vm, seen, data=b"reply"):
    """What a machine answers to what it has seen"""
    return packet(vm, seen.ip_src, seen.dport, seen.sport, seen.proto, SYN | ACK, data, reply=True)


class Carried:
    """What is in a Geneve packet"""

    def __init__(self, data):
        self.outer = Seen(data)
        geneve = data[42:]
        options = geneve[8:8 + (geneve[0] & 63) * 4]
        self.vni = struct.unpack("!I", geneve[4:8])[0] >> 8
        self.inner = Seen(geneve[8 + len(options):])
        self.lin = self.lout = self.mark = self.stage = None
        while options:
            kind, length = struct.unpack("!I", options[:4])[0] >> 8, (options[3] & 31) * 4
            if kind == 0x010280:
                self.lin, self.lout = struct.unpack("!HH", options[4:8])
            elif kind == 0xFF0001:
                self.mark, flags = struct.unpack("!II", options[4:12])
                self.stage = flags >> 28
            options = options[4 + length:]

    def context(self):
        return self.vni, self.lin, self.lout, self.stage

    def __repr__(self):
        return (f"{self.outer.ip_src} > {self.outer.ip_dst} vni {self.vni} lin {self.lin} "
                f"lout {self.lout} stage {self.stage} mark {self.mark}: {self.inner}")


def is_geneve(data):
    return is_ipv4(data) and data[23] == UDP and data[36:38] == b"\x17\xc1"


# ---- hosts ---------------------------------------------------------------------------------

class Host:
    """A datapath, and a process of weft that reports on it"""

    def __init__(self, number):
        self.name = f"mfe{number}"
        # pylint: disable=consider-using-with	# as long as we
        self.process = subprocess.Popen(["weft", "-n", self.name, "-s", "-j", "-b", "-"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, command):
        """What one command of weft prints"""
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"{self.name}: weft {command}")
        return json.loads(line)

    def weft(self, *args, text=None):
        """Run weft for something that is done once"""
        done = subprocess.run(["weft", "-n", self.name, *args], input=text, text=True,
                              capture_output=True, check=False)
        if done.returncode:
            print(f"# {self.name}: weft {' '.join(args)}: {done.stderr or done.stdout}", flush=True)
        return done.stdout

    def instances(self, template):
        return self.ask(f"instance show template={template}")

    def count(self, template):
        return self.ask(f"template show {template}")[0]["n_instances"]

    def template(self, template):
        return self.ask(f"template show {template}")[0]

    def dp(self):
        return self.ask("dp show weft0")[0]

    def drops(self, reason):
        return self.dp().get("drops", {}).get(reason, 0)

    def cut(self, what="all"):
        self.weft("instance", "cut", *what.split())

    def counters(self):
        """Packets by entry"""
        result = {}
        for flow in self.ask("flow show"):
            match = flow.get("match", {})
            key = json.dumps([flow["table"], flow["priority"], match])
            result[key] = flow.get("packets", 0), flow, match
        return result


def number(value):
    """Of a field in JSON"""
    return int(value, 0) if isinstance(value, str) else value


def label(flow, match):
    """A name for an entry: its table, and of the router's ACLs the port"""
    name = TABLES[flow["table"]]
    if name in ("r_in", "r_out"):
        port = number(match.get("lin" if name == "r_in" else "lout"))
        return f"{name}({ROUTER_PORTS.get(port, port)})"
    if name in ("ctx", "in", "policy") and flow["priority"] == 0:
        return f"{name}(else)"
    return name


class Way:
    """with Way(host) as way: ...; then way.met is {entry: packets}, without entries of instances"""

    def __init__(self, host):
        self.host, self.met = host, {}
        self.before = host.counters()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for key, (packets, flow, match) in self.host.counters().items():
            rise = packets - self.before.get(key, (0,))[0]
            if rise:
                name = label(flow, match)
                self.met[name] = self.met.get(name, 0) + rise


class Lab:
    def __init__(self):
        self.hosts = {i: Host(i) for i in HOSTS}
        self.vms = {i: inside(f"vm{i}", frame.Port, "eth0") for i in MACS}
        # what comes to one host from another
        self.wires = {(a, b): inside(f"mfe{b}", frame.Port, f"u{a}")
                      for a in HOSTS for b in HOSTS if a != b}

    def send(self, vm, *frames):
        for data in frames:
            self.vms[vm].send(data)

    def see(self, vm, seconds=3):
        """The next IPv4 frame that a machine gets, or None"""
        data = self.vms[vm].receive(seconds * SLOW, is_ipv4)
        return Seen(data) if data else None

    def carried(self, a, b, seconds=3):
        """What comes next through the tunnel from one host to another, or None"""
        data = self.wires[a, b].receive(seconds * SLOW, is_geneve)
        return Carried(data) if data else None

    def drain(self):
        """Forget what nobody has asked for; tell whether there was something"""
        extra = []
        for vm, port in self.vms.items():
            extra += [f"vm{vm}: {Seen(f)}" for f in port.receive_all(0.001, is_ipv4)]
        for (a, b), port in self.wires.items():
            extra += [f"mfe{a} to mfe{b}: {Carried(f)}" for f in port.receive_all(0.001, is_geneve)]
        return extra

    def through(self, vm, data, to):
        """Send a frame; what its destination sees"""
        self.send(vm, data)
        return self.see(to)

    @staticmethod
    def parse(line):
        """A line of JSON, which may be a list of one"""
        value = json.loads(line)
        return value[0] if isinstance(value, list) else value

    def clear_failed(self):
        """End what stands for failures"""
        for host in self.hosts.values():
            host.cut("state=failed")
        self.drain()

    def clear(self):
        """No instances, nothing on its way"""
        for host in self.hosts.values():
            host.cut()
        self.drain()


# ---- who gives the values ------------------------------------------------------------------

class Kernel:
    """Pools in the kernel"""
    exhausted = "pool_exhausted"

    def __init__(self, lab):
        self.lab = lab
        self.ranges = {}    # other than at the beginning

    def start(self):
        pass

    def stop(self):
        pass

    def upcalls(self):
        return 0

    def pool(self, host, new, first=1, old="11.0.1.1-11.0.1.100:1024-65535"):
        """The SNAT pool of a tenant at a host: one range, or "" """
        number = first + 2
        old = self.ranges.get((host, number), old)
        words = ([f"-{old}"] if old else []) + ([f"+{new}"] if new else [])
        if old != new:
            self.lab.hosts[host].weft("pool", "set", str(number), *words)
        self.ranges[host, number] = new


class Service:
    """A daemon that stands in for natd: snatd.py, of all hosts. For natd, replace start()."""
    exhausted = "rejected"

    def __init__(self, lab):
        self.lab = lab
        self.process = None
        self.config = {f"mfe{i}": {
            str(first + k): value for first in (1, 11) for k, value in (
                (0, {"what": "snat", "range": "11.0.1.1-11.0.1.100:1024-65535"}),
                (1, {"what": "sanitise", "range": "0.0.0.0:1024-65535"}),
                (2, {"what": "dnat", "map": {"11.0.1.200": "10.0.1.1"}}))} for i in HOSTS}

    def start(self):
        """Start it, and wait until it has read back the instances and has registered"""
        # pylint: disable=consider-using-with	# stop() ends it
        self.process = subprocess.Popen([sys.executable, os.path.join(HERE, "snatd.py")],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.configure()

    def configure(self):
        self.process.stdin.write(json.dumps(self.config) + "\n")
        self.process.stdin.flush()
        ready = select.select([self.process.stdout], [], [], 30 * SLOW)[0]
        if not ready or self.process.stdout.readline() != "ready\n":
            sys.exit("the daemon does not start")

    def stop(self):
        """Without a warning"""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process.stdin.close()
            self.process.stdout.close()
        self.process = None

    def upcalls(self):
        return sum(host.ask("service show nat")[0]["delivered"]
                   for host in self.lab.hosts.values())

    def pool(self, host, new, first=1):
        self.config[f"mfe{host}"][str(first)]["range"] = new
        self.configure()
