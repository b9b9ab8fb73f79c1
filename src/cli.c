/* SPDX-License-Identifier: PostgreSQL */
#include "cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "exit.h"

int cli_usage(const char *fmt, ...)
{
	va_list args;

	fputs("pgherald: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputs(", see 'pgherald help'\n", stderr);
	return EXIT_USAGE;
}

const struct cli_flag *cli_flag(const struct cli_call *call, const char *name)
{
	const struct cli_flag *f = call->flags;

	while (strcmp(f->name, name) != 0)
		f++;
	return f;
}

const char *cli_value(const struct cli_call *call, const char *name)
{
	const struct cli_flag *f = cli_flag(call, name);

	return f->count == 0 ? NULL : f->given[f->count - 1];
}

static const char *config_file(const struct cli_call *call)
{
	return call->config_file != NULL ? call->config_file : getenv("PGHERALD_CONFIG");
}

bool cli_config(const struct cli_call *call)
{
	return config_complete(call->config, config_file(call));
}

/* --- reading the line --- */

static struct cli_flag *find_flag(struct cli_flag *flags, const char *name, size_t len)
{
	for (; flags->name != NULL; flags++)
		if (strlen(flags->name) == len && memcmp(flags->name, name, len) == 0)
			return flags;
	return NULL;
}

/*
 * Copies the value of an option. A secret value is overwritten in the command line, so that ps no
 * longer shows it.
 */
static bool set_option(struct cli_call *call, const char *name, size_t len, char *value)
{
	if (!config_set_flag(call->config, name, len, value == NULL ? "" : value))
		return false;
	if (value != NULL && config_is_secret(name, len))
		explicit_bzero(value, strlen(value));
	return true;
}

static int no_option(const struct cli_call *call, const char *name, size_t len)
{
	struct nearest nearest;
	char *hint;
	int result;

	nearest_begin(&nearest, name, len);
	for (const struct cli_flag *f = call->flags; f->name != NULL; f++)
		nearest_try(&nearest, f->name);
	nearest_try(&nearest, "config");
	config_try_names(&nearest);
	hint = nearest_hint(&nearest, "--");
	result = cli_usage("there is no option --%.*s%s", (int)len, name, hint);
	free(hint);
	return result;
}

/* "--name value" or "--name=value". If the value is the next word, *at moves over it. */
static int take_flag(struct cli_call *call, int *at)
{
	char *name = call->argv[*at] + 2, *equals = strchr(name, '='),
	     *value = equals == NULL ? NULL : equals + 1;
	size_t len = equals == NULL ? strlen(name) : (size_t)(equals - name);
	struct cli_flag *flag = find_flag(call->flags, name, len);

	if (flag != NULL && flag->value == NULL) {
		if (value != NULL)
			return cli_usage("--%s takes no value", flag->name);
		flag->count = 1;
		return EXIT_DONE;
	}
	if (value == NULL && *at + 1 < call->argc)
		value = call->argv[++*at];
	if (flag != NULL && flag->count == CLI_VALUES_MAX)
		return cli_usage("--%s can be given %d times, not more", flag->name,
				 CLI_VALUES_MAX);
	if (flag != NULL && value != NULL) {
		flag->given[flag->count++] = value;
		return EXIT_DONE;
	}
	if (len == strlen("config") && memcmp(name, "config", len) == 0 && value != NULL) {
		call->config_file = value;
		return EXIT_DONE;
	}
	if (flag == NULL && set_option(call, name, len, value))
		return value != NULL ? EXIT_DONE
				     : cli_usage("--%.*s needs a value", (int)len, name);
	if (flag != NULL || (len == strlen("config") && memcmp(name, "config", len) == 0))
		return cli_usage("--%.*s needs a value", (int)len, name);
	return no_option(call, name, len);
}

int cli_read(struct cli_call *call, const char **words)
{
	bool only_words = false;
	char **argv = call->argv;

	call->words = words;
	for (int i = 0; i < call->argc; i++) {
		int result = EXIT_DONE;

		if (!only_words && strcmp(argv[i], "--") == 0)
			only_words = true;
		else if (!only_words && strncmp(argv[i], "--", 2) == 0)
			result = take_flag(call, &i);
		else if (!only_words && argv[i][0] == '-' && argv[i][1] != '\0')
			result = cli_usage("there is no option %.*s", (int)strcspn(argv[i], "="),
					   argv[i]);
		else if (call->word_count == CLI_VALUES_MAX)
			result = cli_usage("too many arguments");
		else
			words[call->word_count++] = argv[i];
		if (result != EXIT_DONE)
			return result;
	}
	return EXIT_DONE;
}
