/* SPDX-License-Identifier: Apache-2.0 */
/* bfd_test.h - two sessions, a wire that loses what it is told to, and a clock. */
#ifndef BFD_TEST_H
#define BFD_TEST_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bfd/frame.h"
#include "bfd/packet.h"
#include "bfd/session.h"

#define MS UINT64_C(1000)
#define SECOND (1000 * MS)

#endif
