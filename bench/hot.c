// SPDX-License-Identifier: Apache-2.0
/* hot.c - a plugin for QEMU's emulator: how often the guest executes which instructions.
 *
 *   qemu-system-x86_64 -plugin file=hot.so,out=FILE
 *
 * Counts between two marks, nops with an operand that says so (mark.c). At each stop it appends to FILE
 * a line "segment TOTAL" and lines "ADDRESS COUNT", one for each block of code that ran: the address
 * where it begins, and how many of its instructions were executed.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of QEMU 7.2's plugin interface, version 1; Debian has no header for it */
typedef uint64_t qemu_plugin_id_t;
struct qemu_info;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
					   void (*cb)(qemu_plugin_id_t, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb, int op, void *p, uint64_t n);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, void (*cb)(unsigned int, void *),
					    int flags, void *data);

#define EXPORT __attribute__((visibility("default")))
#define INLINE_ADD 0
#define CB_NO_REGS 0

EXPORT int qemu_plugin_version = 1;

#define SLOTS (1u << 20)

static struct block {
	uint64_t address, count;
} *blocks;
static FILE *out;

static const unsigned char mark[7] = { 0x0f, 0x1f, 0x84, 0x00, 0x78, 0x56, 0x34 };

static struct block *find(uint64_t address)
{
	uint32_t i = address * 0x9e3779b97f4a7c15ull >> 44;

	while (blocks[i].address && blocks[i].address != address)
		i = (i + 1) % SLOTS;
	blocks[i].address = address;
	return &blocks[i];
}

static void start(unsigned int cpu, void *data)
{
	for (uint32_t i = 0; i < SLOTS; i++)
		blocks[i].count = 0;
}

static void stop(unsigned int cpu, void *data)
{
	uint64_t total = 0;

	for (uint32_t i = 0; i < SLOTS; i++)
		total += blocks[i].count;
	fprintf(out, "segment %llu\n", (unsigned long long)total);
	for (uint32_t i = 0; i < SLOTS; i++)
		if (blocks[i].count)
			fprintf(out, "%llx %llu\n", (unsigned long long)blocks[i].address,
				(unsigned long long)blocks[i].count);
	fflush(out);
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);

	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		const unsigned char *code = qemu_plugin_insn_data(insn);

		if (qemu_plugin_insn_size(insn) == 8 && !memcmp(code, mark, sizeof(mark)))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, code[7] == 0x12 ? start : stop,
							       CB_NO_REGS, NULL);
	}
	qemu_plugin_register_vcpu_tb_exec_inline(tb, INLINE_ADD, &find(qemu_plugin_tb_vaddr(tb))->count, n);
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		if (!strncmp(argv[i], "out=", 4))
			out = fopen(argv[i] + 4, "w");
	blocks = calloc(SLOTS, sizeof(*blocks));
	if (!out || !blocks)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
