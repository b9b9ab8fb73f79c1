/* SPDX-License-Identifier: PostgreSQL */
/*
 * cmd.h: the commands. Each returns its exit status, and as a rule has a file of its own. The
 * command serve is in commands.c, because it only calls workers_run.
 */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include "cli.h"
#include "exit.h"

int cmd_migrate(struct cli_call *call);
int cmd_dev(struct cli_call *call);
int cmd_uninstall(struct cli_call *call);
int cmd_watch(struct cli_call *call);
int cmd_unwatch(struct cli_call *call);
int cmd_streams(struct cli_call *call);
int cmd_unstream(struct cli_call *call);
int cmd_watches(struct cli_call *call);
int cmd_rules(struct cli_call *call);
int cmd_unrule(struct cli_call *call);
int cmd_actions(struct cli_call *call);
int cmd_unaction(struct cli_call *call);
int cmd_token(struct cli_call *call);
int cmd_tail(struct cli_call *call);
int cmd_forward(struct cli_call *call);
int cmd_types(struct cli_call *call);
int cmd_explain(struct cli_call *call);
int cmd_doctor(struct cli_call *call);

#endif
