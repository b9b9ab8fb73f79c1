/* SPDX-License-Identifier: PostgreSQL */
/* config_man.c: the options as entries of the manual page pgherald.conf(5). */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "config_table.h"

/* In roff, a backslash is the beginning of a command, and a bare minus is a hyphen. */
static void print_roff(const char *text, FILE *out)
{
	for (const char *p = text; *p != '\0'; p++) {
		if (*p == '-')
			fputs("\\-", out);
		else if (*p == '\\')
			fputs("\\e", out);
		else if (*p == '"')
			fputs("\\(dq", out);
		else if (strncmp(p, "…", strlen("…")) == 0) {
			fputs("...", out);
			p += strlen("…") - 1;
		} else
			fputc(*p, out);
	}
}

static const char *type_words(const struct option *o)
{
	static const struct {
		const char *value, *words;
	} texts[] = {{"URL", "a connection string of libpq, or a URL"},
		     {"FILE", "a file's name"},
		     {"NAME", "a word"},
		     {"LIST", "words with commas between"}};
	static const char *const words[] = {"a text",     "an address",
					    "a duration", "milliseconds, or a duration",
					    "a number",   "a size"};

	for (size_t i = 0; o->kind == TEXT && i < ARRAY_SIZE(texts); i++)
		if (strcmp(o->value, texts[i].value) == 0)
			return texts[i].words;
	return words[o->kind];
}

struct unit {
	const char *name;
	int64_t size;
};

/* Prints the number in the largest unit that divides it. The last unit has size 1. */
static void print_in(const struct unit *unit, int64_t number, FILE *out)
{
	while (number % unit->size != 0)
		unit++;
	fprintf(out, "%" PRId64 "%s", number / unit->size, number == 0 ? "" : unit->name);
}

static void print_bound(enum kind kind, int64_t number, FILE *out)
{
	static const struct unit counts[] = {{"", 1}};
	static const struct unit times[] = {
		{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};
	static const struct unit sizes[] = {
		{"GB", INT64_C(1) << 30}, {"MB", 1 << 20}, {"KB", 1 << 10}, {"B", 1}};

	print_in(kind == COUNT ? counts : kind == SIZE ? sizes : times, number, out);
}

static void print_type(const struct option *o, FILE *out)
{
	fprintf(out, "Type: %s", type_words(o));
	if (o->most != 0) {
		fputs(", from ", out);
		print_bound(o->kind, o->least, out);
		fputs(" to ", out);
		print_bound(o->kind, o->most, out);
	}
	fprintf(out, "%s%s.\n.br\n", o->flags & MAY_BE_OFF ? "; or off" : "",
		o->flags & MAY_BE_EMPTY ? "; or empty" : "");
}

static void print_environment(const struct option *o, FILE *out)
{
	fputs("Environment: PGHERALD_", out);
	for (const char *p = o->name; *p != '\0'; p++)
		fputc(*p == '-' ? '_' : toupper((unsigned char)*p), out);
	if (o->alias != NULL)
		fprintf(out, ", else %s", o->alias);
	fputs(".\n.br\n", out);
}

void config_print_man(FILE *out)
{
	for (size_t i = 0; i < config_option_count; i++) {
		const struct option *o = &config_options[i];

		fputs(".TP\n.BI ", out);
		print_roff(o->name, out);
		fprintf(out, " \" = %s\"\n", o->value);
		print_roff(o->help, out);
		fputs(".\n.br\n", out);
		print_type(o, out);
		fputs("Default: ", out);
		print_roff(o->fallback[0] == '\0' ? "empty" : o->fallback, out);
		fputs(".\n.br\n", out);
		print_environment(o, out);
		fprintf(out, "SIGHUP reads it again: %s.\n",
			o->flags & RELOAD ? "yes" : "no, restart");
	}
}
