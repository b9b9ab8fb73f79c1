/* SPDX-License-Identifier: PostgreSQL */
/* consent.h: asks a person at the terminal before something is done that cannot be undone. */
#ifndef CMD_CONSENT_H
#define CMD_CONSENT_H

#include "cli.h"

/*
 * EXIT_DONE if the flag yes was given, or the person types yes. EXIT_FAILED for another answer, and
 * stdout says that nothing was changed. EXIT_USAGE if there is nobody to ask.
 */
int consent_ask(const struct cli_call *call, const char *command);

#endif
