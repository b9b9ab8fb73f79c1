/* SPDX-License-Identifier: PostgreSQL */
#include "commands_table.h"

#include <string.h>

#include "cmd/cmd.h"

static struct cli_flag migrate_flags[] = {
	{.name = "status", .help = "say what is installed, change nothing"},
	{.name = "dry-run", .help = "say what would be applied, change nothing"},
	{.name = "print", .help = "print it as SQL for an empty database, ask none"},
	{.name = "from", .value = "VERSION", .help = "of --print: what upgrades this version [0]"},
	{.name = NULL},
};
static struct cli_flag watch_flags[] = {
	{.name = "topic", .value = "NAME", .help = "what streams ask for [the table's name]"},
	{.name = "audience",
	 .value = "COLUMN,…",
	 .help = "routing columns: who may see a row; '': none"},
	{.name = "columns",
	 .value = "COLUMN,…",
	 .help = "default events show only these; '*': all [all]"},
	{.name = "exclude", .value = "COLUMN,…", .help = "no default event shows these; '': none"},
	{.name = "numbers",
	 .value = "text",
	 .help = "int8 and numeric columns go out as strings; number: as numbers"},
	{.name = NULL},
};
static struct cli_flag token_flags[] = {
	{.name = "sub", .value = "S", .help = "who it is for"},
	{.name = "claim",
	 .value = "NAME=JSON",
	 .help = "one more claim; may be given several times"},
	{.name = "ttl", .value = "DURATION", .help = "how long it is valid [1h]"},
	{.name = NULL},
};
static struct cli_flag tail_flags[] = {
	{.name = "from", .value = "ID", .help = "begin after this event, or with 'earliest' [now]"},
	{.name = "json", .help = "one JSON object a line"},
	{.name = "url", .value = "URL", .help = "of the server [http:// and the listen option]"},
	{.name = NULL},
};
static struct cli_flag forward_flags[] = {
	{.name = "stream", .value = "PATH", .help = "the stream, '/api/orders/stream?events=sale'"},
	{.name = "to", .value = "URL", .help = "where each event is posted as a CloudEvent"},
	{.name = "name", .value = "NAME", .help = "by which the database knows it [PATH to URL]"},
	{.name = "from",
	 .value = "ID",
	 .help = "of a new one: begin after this event, or with 'earliest' [now]"},
	{.name = "secret-file", .value = "FILE", .help = "holds the key that signs what is posted"},
	{.name = "attempts",
	 .value = "N",
	 .help = "then an event is put aside; 0: never [20, some 15 minutes]"},
	{.name = "again", .help = "first post once more what was put aside"},
	{.name = "sub",
	 .value = "S",
	 .help = "sign a token for this user [PGHERALD_TOKEN, or none]"},
	{.name = "claim",
	 .value = "NAME=JSON",
	 .help = "one more claim of it; may be given several times"},
	{.name = "url", .value = "URL", .help = "of the daemon [http:// and the listen option]"},
	{.name = NULL},
};
static struct cli_flag types_flags[] = {
	{.name = "stream", .value = "PATH", .help = "this stream only [all]"},
	{.name = NULL},
};
static struct cli_flag explain_flags[] = {
	{.name = "stream",
	 .value = "PATH",
	 .help = "the stream as it is opened, '/api/orders/events?store=x'"},
	{.name = "change",
	 .value = "ID",
	 .help = "the event's id, '4182-99213', or the number after the dash"},
	{.name = "row",
	 .value = "TABLE:KEY",
	 .help = "instead: did the last change of this row make an event?"},
	{.name = "token",
	 .value = "T",
	 .help = "of the subscriber; better in PGHERALD_TOKEN or in a file: others can see flags"},
	{.name = "token-file", .value = "FILE", .help = "holds the token"},
	{.name = "claims", .value = "JSON", .help = "instead of a token: what it would say"},
	{.name = "events",
	 .value = "NAME,…",
	 .help = "narrow the stream to these, as ?events= does"},
	{.name = "json", .help = "one JSON object"},
	{.name = NULL},
};
static struct cli_flag dev_flags[] = {
	{.name = "table",
	 .value = "TABLE",
	 .help = "whose changes are events; may be given several times"},
	{.name = "audience",
	 .value = "COLUMN",
	 .help = "who may see a row: a stream shows the rows of its token's sub"},
	{.name = "yes", .help = "do not ask before the schema is installed"},
	{.name = "shared", .help = "also where the database has streams of its own"},
	{.name = "cleanup", .help = "take away what dev has made, and nothing else"},
	{.name = NULL},
};
static struct cli_flag uninstall_flags[] = {
	{.name = "yes", .help = "do not ask"},
	{.name = NULL},
};
static struct cli_flag doctor_flags[] = {
	{.name = "json", .help = "one JSON object"},
	{.name = NULL},
};
static struct cli_flag list_flags[] = {
	{.name = "json", .help = "one JSON array"},
	{.name = NULL},
};
static struct cli_flag no_flags[] = {{.name = NULL}};

const struct command commands[] = {
	{"serve", "", "run the daemon", no_flags, cmd_serve},
	{"dev", "", "try it beside a database, on this machine only", dev_flags, cmd_dev},
	{"migrate", "", "install or update the schema herald in the database", migrate_flags,
	 cmd_migrate},
	{"watch", "TABLE", "make changes of a table events; again: what is not said stays",
	 watch_flags, cmd_watch},
	{"unwatch", "TABLE", "stop that", no_flags, cmd_unwatch},
	{"watches", "", "list the watched tables", list_flags, cmd_watches},
	{"rules", "", "list the rules of watched tables", list_flags, cmd_rules},
	{"unrule", "TABLE [EVENT]", "take away the rules of this event, or all", no_flags,
	 cmd_unrule},
	{"streams", "", "list the streams", list_flags, cmd_streams},
	{"unstream", "PATH", "take a stream away, and close its connections", no_flags,
	 cmd_unstream},
	{"actions", "", "list the actions", list_flags, cmd_actions},
	{"unaction", "METHOD PATH", "take an action away", no_flags, cmd_unaction},
	{"token", "", "print a token, signed with the configured secret", token_flags, cmd_token},
	{"tail", "PATH", "follow a stream in the terminal; the token is read from PGHERALD_TOKEN",
	 tail_flags, cmd_tail},
	{"forward", "", "post the events of a stream to another server, in order, at least once",
	 forward_flags, cmd_forward},
	{"types", "", "print TypeScript for what the streams tell", types_flags, cmd_types},
	{"explain", "", "say why a subscriber gets an event, or does not", explain_flags,
	 cmd_explain},
	{"doctor", "", "check the whole path, say what to do", doctor_flags, cmd_doctor},
	{"uninstall", "", "take all of pgherald out of the database, after a question",
	 uninstall_flags, cmd_uninstall},
	{"config", "[check|sample|table|man]",
	 "show what is in force, check it, print a sample file, or all options as Markdown or roff",
	 no_flags, cmd_config},
	{"help", "[COMMAND]", "this, or more about a command", no_flags, cmd_help},
	{"version", "", "print the version", no_flags, cmd_version},
	{.name = NULL},
};

const struct command *command_find(const char *name)
{
	const struct command *c = commands;

	while (c->name != NULL && strcmp(c->name, name) != 0)
		c++;
	return c->name == NULL ? NULL : c;
}
