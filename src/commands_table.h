/* SPDX-License-Identifier: PostgreSQL */
/* commands_table.h: all commands with their flags, in the order of the help. */
#ifndef COMMANDS_TABLE_H
#define COMMANDS_TABLE_H

#include "cli.h"

struct command {
	const char *name, *arguments, *summary;
	struct cli_flag *flags;
	int (*run)(struct cli_call *call);
};

/* A name of NULL ends them. */
extern const struct command commands[];

/* NULL if there is none of this name. */
const struct command *command_find(const char *name);

/* These need no file in cmd/. They are in commands.c. */
int cmd_serve(struct cli_call *call);
int cmd_config(struct cli_call *call);
int cmd_help(struct cli_call *call);
int cmd_version(struct cli_call *call);

#endif
