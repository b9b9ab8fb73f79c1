/* SPDX-License-Identifier: PostgreSQL */
/* token_make.h: tokens that a command signs with the configured secret, for itself or for others.
 */
#ifndef CMD_TOKEN_MAKE_H
#define CMD_TOKEN_MAKE_H

#include <stdint.h>

#include "cli.h"

/*
 * A token as the call's flags sub and claim say, valid for ttl_ms. The configuration is complete.
 * The caller frees it. NULL if it cannot be made, or the server would refuse it. Then stderr says
 * why, and *ret_result is the exit status.
 */
char *token_make(const struct cli_call *call, int64_t ttl_ms, int *ret_result);

#endif
