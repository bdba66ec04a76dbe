// SPDX-License-Identifier: Apache-2.0
/* mark.c - tell the plugin of bench/hot.c to start or stop counting; elsewhere it does nothing */
int main(int argc, char **argv)
{
	if (argc > 1 && argv[1][2] == 'a') /* start */
		__asm__ volatile(".byte 0x0f, 0x1f, 0x84, 0x00, 0x78, 0x56, 0x34, 0x12");
	else
		__asm__ volatile(".byte 0x0f, 0x1f, 0x84, 0x00, 0x78, 0x56, 0x34, 0x13");
	return 0;
}
