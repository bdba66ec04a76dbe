# SPDX-License-Identifier: Apache-2.0
# Weft: build, test and install everything.  `make help` lists the targets.

VERSION := 0.1
GUEST ?= 6.1
O := $(CURDIR)/build
export VERSION

PREFIX ?= /usr/local
SBINDIR ?= $(PREFIX)/sbin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR ?= $(PREFIX)/share/man
COMPDIR ?= $(PREFIX)/share/bash-completion/completions
UNITDIR ?= $(PREFIX)/lib/systemd/system
IPLIBDIR ?= /usr/lib/$(shell gcc -print-multiarch)/ip
SRCDIR ?= /usr/src
D = $(DESTDIR)

# T=PATTERN keeps tests whose name matches; several are separated by blanks
PATTERNS := $(if $(T),$(foreach t,$(T),'T=$(t)'))

all: user modules ## user space, and weft.ko for GUEST (default 6.1)

help: ## this list
	@awk -F '## ' '/^[a-z-]+:.*## / { split($$1, t, ":"); printf "  %-14s %s\n", t[1], $$2 }' \
		$(MAKEFILE_LIST)
	@echo 'Variables: GUEST=6.1|6.12|uml|uml-debug|x86-debug|x86-kcsan  T=PATTERN  G=GROUP  FOR=SECONDS  V=1  PREFIX= DESTDIR='

deps: ## install what build and tests need (Debian 12)
	@tools/deps

user: deps ## libweft, weft, weftd, into build/
	@for d in netlink agent; do \
		[ ! -e $$d/Makefile ] || $(MAKE) --no-print-directory $(if $(V),,-s) -C $$d O=$(O) || exit; \
	done

modules: deps ## weft.ko for GUEST, into build/GUEST/ (GUEST=host: the running kernel)
	@tools/modules $(GUEST)

kernels: deps ## our own kernels, into the cache
	@for g in uml uml-debug x86-debug; do tools/kernel $$g || exit; done

check: deps user ## all tests that a change must pass; the last line counts
	@tools/check

check-debug: deps user ## KUnit and all self-tests in both debug kernels
	@tools/check debug

coverage: deps user ## lines of weft.ko that tests run, into build/coverage/
	@tools/coverage $(PATTERNS)

kunit: GUEST := $(if $(filter command line environment,$(origin GUEST)),$(GUEST),uml)
kunit: deps ## KUnit suites (GUEST=uml; T=SUITE)
	@tools/kunit $(GUEST) $(T)

unit: deps ## unit tests of user space, with sanitizers (T=PATTERN)
	@tools/unit $(T)

fuzz: deps ## fuzz targets with their corpora (FOR=SECONDS: and look for new inputs)
	@tools/fuzz $(FOR)

selftests: deps user ## self-tests in GUEST (T=PATTERN)
	@tools/selftest -g $(GUEST) $(PATTERNS)

bench: deps user ## measure beside openvswitch, tc, bridge (G=B1: one group)
	@bench/run $(G)

bench-gate: deps user ## count instructions; more than 1 % above bench/baseline.json fails
	@bench/gate

profile: deps user ## where the instructions go, by the kernel's symbols (G=B1)
	@bench/profile $(G)

lint: deps ## static checks
	@tools/lint

format: deps ## bring user space into the style of .clang-format
	@git ls-files -co --exclude-standard netlink agent tests/unit | grep '\.[ch]$$' | \
		xargs -r clang-format -i

pipeline: deps user ## write the table map into Documentation/ (after a change of stage.c)
	@$(MAKE) -s -C tests/unit O=$(O) $(O)/unit/net_stage_test
	@cd tests/unit && WEFT_REGENERATE=1 $(O)/unit/net_stage_test

demo: GUEST := $(if $(filter command line environment,$(origin GUEST)),$(GUEST),uml)
demo: deps user ## examples/demo in GUEST (default uml)
	@tools/demo $(GUEST)

shell: deps user ## a root shell in GUEST, with this tree, weft.ko loaded
	@tools/modules $(GUEST)
	@tools/guest -g $(GUEST) -i

install: ## what was built, man pages, completion, systemd unit, DKMS source (PREFIX, DESTDIR)
	@test -x $(O)/bin/weft || { echo 'nothing built: run make first' >&2; exit 1; }
	install -d $(D)$(SBINDIR) $(D)$(LIBDIR) $(D)$(INCLUDEDIR)/weft $(D)$(INCLUDEDIR)/linux \
		$(D)$(MANDIR)/man5 $(D)$(MANDIR)/man7 $(D)$(MANDIR)/man8 $(D)$(COMPDIR) $(D)$(UNITDIR) \
		$(D)$(SRCDIR)/weft-$(VERSION)/uapi/linux
	install -m 755 $(O)/bin/* $(D)$(SBINDIR)/
	cp -P $(O)/lib/libweft.* $(D)$(LIBDIR)/
	install -D -m 644 $(O)/lib/ip/link_stt.so $(D)$(IPLIBDIR)/link_stt.so
	cp netlink/include/weft/*.h $(D)$(INCLUDEDIR)/weft/
	install -m 644 uapi/linux/*.h $(D)$(INCLUDEDIR)/linux/
	for s in 5 7 8; do \
		for f in Documentation/man/*.$$s; do \
			[ ! -e "$$f" ] || install -m 644 "$$f" $(D)$(MANDIR)/man$$s/; \
		done; \
	done
	install -m 644 netlink/completion/weft $(D)$(COMPDIR)/weft
	sed 's,/usr/sbin/weftd,$(SBINDIR)/weftd,' agent/weftd.service >$(D)$(UNITDIR)/weftd.service
	install -m 644 kmod/*.[ch] kmod/Kbuild $(D)$(SRCDIR)/weft-$(VERSION)/
	install -m 644 uapi/linux/*.h $(D)$(SRCDIR)/weft-$(VERSION)/uapi/linux/
	sed 's/@VERSION@/$(VERSION)/' tools/dkms.conf >$(D)$(SRCDIR)/weft-$(VERSION)/dkms.conf
	@echo "The module: dkms install weft/$(VERSION)"

clean: ## remove build/ (cached kernels stay)
	rm -rf $(O)

.PHONY: all help deps user modules kernels check check-debug coverage kunit unit fuzz selftests \
	bench bench-gate profile lint format pipeline demo shell install clean
