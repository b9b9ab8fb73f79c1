/* SPDX-License-Identifier: PostgreSQL */
#include "commands.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/files.h"
#include "base/log.h"
#include "base/nearest.h"
#include "base/xalloc.h"
#include "commands_table.h"
#include "exit.h"
#include "workers.h"

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

int cmd_serve(struct cli_call *call)
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

int cmd_config(struct cli_call *call)
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
	call->config->strict = strcmp(what, "check") == 0;
	if (!cli_config(call))
		return EXIT_CONFIG;
	if (call->config->strict)
		printf("the configuration is valid\n");
	else
		config_print(call->config, stdout);
	return EXIT_DONE;
}

int cmd_version(struct cli_call *call)
{
	if (call->word_count > 0)
		return cli_usage("version takes no argument, not '%s'", call->words[0]);
	printf("pgherald %s\n", PGHERALD_VERSION);
	return EXIT_DONE;
}

static int no_command(const char *name)
{
	struct nearest nearest;
	char *hint;
	int result;

	nearest_begin(&nearest, name, strlen(name));
	for (const struct command *c = commands; c->name != NULL; c++)
		nearest_try(&nearest, c->name);
	hint = nearest_hint(&nearest, "");
	result = cli_usage("there is no command '%s'%s", name, hint);
	free(hint);
	return result;
}

static void print_command(const struct command *c)
{
	printf("pgherald %s%s%s: %s\n", c->name, c->arguments[0] == '\0' ? "" : " ", c->arguments,
	       c->summary);
	for (const struct cli_flag *f = c->flags; f->name != NULL; f++)
		printf("  --%s%s%s\n        %s\n", f->name, f->value == NULL ? "" : " ",
		       f->value == NULL ? "" : f->value, f->help);
}

int cmd_help(struct cli_call *call)
{
	const struct command *c = call->word_count == 0 ? NULL : command_find(call->words[0]);

	if (call->word_count > 1 || (call->word_count == 1 && c == NULL))
		return no_command(call->words[call->word_count - 1]);
	if (c != NULL) {
		print_command(c);
		printf("\nOptions of every command, as flag, as environment (PGHERALD_LISTEN), or "
		       "in the file that --config FILE names:\n\n");
		config_print_help(stdout);
		return EXIT_DONE;
	}
	printf("pgherald: committed changes of PostgreSQL as Server-Sent Events\n\n");
	for (const struct command *each = commands; each->name != NULL; each++)
		printf("  pgherald %-9s %-24s %s\n", each->name, each->arguments, each->summary);
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
	struct cli_call call = {.words = words, .flags = NULL};

	if (strcmp(argv[1], "--version") == 0)
		return cmd_version(&call);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return cmd_help(&call);
	for (int i = 2; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--help") == 0 && command_find(argv[1]) != NULL) {
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

/*
 * The option config may stand before the command. It is moved after it, where cli_read takes it.
 */
static void put_command_first(int argc, char **argv)
{
	int at = 1;
	char *command;

	while (at < argc && (strncmp(argv[at], "--config=", strlen("--config=")) == 0 ||
			     (strcmp(argv[at], "--config") == 0 && at + 1 < argc)))
		at += argv[at][strlen("--config")] == '=' ? 1 : 2;
	if (at >= argc)
		return;
	command = argv[at];
	memmove(&argv[2], &argv[1], (size_t)(at - 1) * sizeof(*argv));
	argv[1] = command;
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
	put_command_first(argc, argv);
	result = help_by_habit(argc, argv);
	if (result >= 0)
		return flushed(result);
	command = command_find(argv[1]);
	if (command == NULL)
		return no_command(argv[1]);
	return run(command, argc - 2, argv + 2);
}
