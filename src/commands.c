/* SPDX-License-Identifier: PostgreSQL */
#include "commands.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/files.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "cmd/cmd.h"
#include "cli.h"
#include "exit.h"
#include "workers.h"

static int cmd_serve(struct cli_call *call);
static int cmd_config(struct cli_call *call);
static int cmd_help(struct cli_call *call);
static int cmd_version(struct cli_call *call);

static struct cli_flag migrate_flags[] = {
	{.name = "status", .help = "say what is installed, change nothing"},
	{.name = "dry-run", .help = "say what would be applied, change nothing"},
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
static struct cli_flag doctor_flags[] = {
	{.name = "json", .help = "one JSON object"},
	{.name = NULL},
};
static struct cli_flag no_flags[] = {{.name = NULL}};

static const struct command {
	const char *name, *arguments, *summary;
	struct cli_flag *flags;
	int (*run)(struct cli_call *call);
} commands[] = {
	{"serve", "", "run the daemon", no_flags, cmd_serve},
	{"migrate", "", "install or update the schema herald in the database", migrate_flags,
	 cmd_migrate},
	{"watch", "TABLE", "make changes of a table events; again: what is not said stays",
	 watch_flags, cmd_watch},
	{"unwatch", "TABLE", "stop that", no_flags, cmd_unwatch},
	{"token", "", "print a token, signed with the configured secret", token_flags, cmd_token},
	{"tail", "PATH", "follow a stream in the terminal; the token is read from PGHERALD_TOKEN",
	 tail_flags, cmd_tail},
	{"types", "", "print TypeScript for what the streams tell", types_flags, cmd_types},
	{"explain", "", "say why a subscriber gets an event, or does not", explain_flags,
	 cmd_explain},
	{"doctor", "", "check the whole path, say what to do", doctor_flags, cmd_doctor},
	{"config", "[check|sample|table|man]",
	 "show what is in force, check it, print a sample file, or all options as Markdown or roff",
	 no_flags, cmd_config},
	{"help", "[COMMAND]", "this, or more about a command", no_flags, cmd_help},
	{"version", "", "print the version", no_flags, cmd_version},
};

/* --- commands that need no file of their own --- */

/* SIGHUP calls this. */
static bool load_again(void *ctx, struct config *config)
{
	return config_reload(config, ctx) && config_fits_process(config);
}

static int serve(struct cli_call *call)
{
	struct config *config;

	if (!cli_config(call) || !config_fits_process(call->config))
		return EXIT_CONFIG;
	config = xmalloc(sizeof(*config));
	*config = *call->config;
	/* `origins` points into the configuration itself, which has moved. */
	config->http.origins = config->origins;
	config_init(call->config);
	return workers_run(config, load_again, config);
}

/* They wait until the loop takes them. A reload right after the start would end the daemon. */
static void hold_signals(void)
{
	sigset_t held;

	sigemptyset(&held);
	sigaddset(&held, SIGHUP);
	sigaddset(&held, SIGTERM);
	sigaddset(&held, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &held, NULL);
}

static int cmd_serve(struct cli_call *call)
{
	int result;

	if (call->word_count > 0)
		return cli_usage("serve takes no argument, not '%s'", call->words[0]);
	hold_signals();
	files_raise_limit();
	log_detach();
	result = serve(call);
	log_flush();
	return result;
}

/* What `config` can show. No word stands for what is in force. */
static bool is_shown(const char *what)
{
	static const char *const words[] = {"", "check", "sample", "table", "man"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i], what) == 0)
			return true;
	return false;
}

static int cmd_config(struct cli_call *call)
{
	const char *what = call->word_count == 0 ? "" : call->words[0];

	if (call->word_count > 1 || !is_shown(what))
		return cli_usage("config takes check, sample, table, man or nothing, not '%s'",
				 call->words[call->word_count - 1]);
	if (strcmp(what, "sample") == 0) {
		config_print_sample(stdout);
		return EXIT_DONE;
	}
	if (strcmp(what, "table") == 0) {
		config_print_table(stdout);
		return EXIT_DONE;
	}
	if (strcmp(what, "man") == 0) {
		config_print_man(stdout);
		return EXIT_DONE;
	}
	if (!cli_config(call))
		return EXIT_CONFIG;
	if (strcmp(what, "check") == 0)
		printf("the configuration is valid\n");
	else
		config_print(call->config, stdout);
	return EXIT_DONE;
}

static int cmd_version(struct cli_call *call)
{
	if (call->word_count > 0)
		return cli_usage("version takes no argument, not '%s'", call->words[0]);
	printf("pgherald %s\n", PGHERALD_VERSION);
	return EXIT_DONE;
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static void print_command(const struct command *c)
{
	printf("pgherald %s%s%s: %s\n", c->name, c->arguments[0] == '\0' ? "" : " ", c->arguments,
	       c->summary);
	for (const struct cli_flag *f = c->flags; f->name != NULL; f++)
		printf("  --%s%s%s\n        %s\n", f->name, f->value == NULL ? "" : " ",
		       f->value == NULL ? "" : f->value, f->help);
}

static int cmd_help(struct cli_call *call)
{
	const struct command *c = call->word_count == 0 ? NULL : find_command(call->words[0]);

	if (call->word_count > 1 || (call->word_count == 1 && c == NULL))
		return cli_usage("there is no command '%s'", call->words[call->word_count - 1]);
	if (c != NULL) {
		print_command(c);
		printf("\nOptions of every command, as flag, as environment (PGHERALD_LISTEN), or "
		       "in the file that --config FILE names:\n\n");
		config_print_help(stdout);
		return EXIT_DONE;
	}
	printf("pgherald: committed changes of PostgreSQL as Server-Sent Events\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		printf("  pgherald %-8s %-24s %s\n", commands[i].name, commands[i].arguments,
		       commands[i].summary);
	printf("\nOptions: as flag, as environment (PGHERALD_LISTEN), or in the file that --config "
	       "FILE names:\n\n");
	config_print_help(stdout);
	printf("\nExit status: 0 done, 1 failed, 2 wrong usage, 3 wrong configuration, 4 schema "
	       "and program do not fit.\n");
	return EXIT_DONE;
}

/* --- running one --- */

/* "pgherald --help" and "pgherald COMMAND --help" are asked for by habit. */
static int help_by_habit(int argc, char **argv)
{
	const char *words[1] = {argv[1]};
	struct cli_call call = {.words = words, .flags = no_flags};

	if (strcmp(argv[1], "--version") == 0)
		return cmd_version(&call);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return cmd_help(&call);
	for (int i = 2; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--help") == 0 && find_command(argv[1]) != NULL) {
			call.word_count = 1;
			return cmd_help(&call);
		}
	}
	return -1;
}

/* All output must have arrived, so a full disk or a closed pipe is a failure. */
static int flushed(int result)
{
	if ((fflush(stdout) != 0 || ferror(stdout)) && result == EXIT_DONE) {
		fprintf(stderr, "pgherald: the output could not be written\n");
		return EXIT_FAILED;
	}
	return result;
}

static int run(const struct command *command, int argc, char **argv)
{
	const char *words[CLI_VALUES_MAX];
	struct config config;
	struct cli_call call = {
		.argc = argc, .argv = argv, .flags = command->flags, .config = &config};
	int result;

	config_init(&config);
	result = cli_read(&call, words);
	if (result == EXIT_DONE)
		result = command->run(&call);
	config_release(&config);
	return flushed(result);
}

int commands_run(int argc, char **argv)
{
	const struct command *command;
	int result;

	files_open_standard();
	/* Keys stay out of core files, and other programs of this user cannot read them. */
	(void)prctl(PR_SET_DUMPABLE, 0);
	if (argc < 2)
		return cli_usage("no command is given");
	result = help_by_habit(argc, argv);
	if (result >= 0)
		return flushed(result);
	command = find_command(argv[1]);
	if (command == NULL)
		return cli_usage("there is no command '%s'", argv[1]);
	return run(command, argc - 2, argv + 2);
}
