/* SPDX-License-Identifier: PostgreSQL */
#include "cmd/report.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "cmd/terminal.h"

static const char *const outcomes[] = {"ok", "no", "?", "-", "!"};

void report_init(struct report *r)
{
	*r = (struct report){.head = json_object_new_object(),
			     .checks = json_object_new_array(),
			     .verdict = REPORT_OK};
}

void report_release(struct report *r)
{
	json_object_put(r->head);
	json_object_put(r->checks);
	free(r->reason);
	*r = (struct report){.head = NULL};
}

/* What stands on the left of a line. It is the check, and what it is about. */
static char *label(const char *check, const char *about)
{
	return about == NULL ? xstrdup(check) : xasprintf("%s %s", check, about);
}

/* A check that says no beats one that could not be made. */
static void judge(struct report *r, enum report_outcome outcome, const char *check,
		  const char *about, const char *says)
{
	char *name;

	if ((outcome != REPORT_NO && outcome != REPORT_UNKNOWN) || r->verdict == REPORT_NO ||
	    r->verdict == outcome)
		return;
	name = label(check, about);
	free(r->reason);
	r->reason = xasprintf("%s: %s", name, says);
	r->verdict = outcome;
	free(name);
}

void report_vsay(struct report *r, enum report_outcome outcome, const char *check,
		 const char *about, const char *fmt, va_list args)
{
	struct json_object *line = json_object_new_object();
	char *says = NULL;

	if (vasprintf(&says, fmt, args) < 0)
		says = xstrdup("");
	json_object_object_add(line, "check", json_object_new_string(check));
	json_object_object_add(line, "about", about == NULL ? NULL : json_object_new_string(about));
	json_object_object_add(line, "outcome", json_object_new_string(outcomes[outcome]));
	json_object_object_add(line, "says", json_object_new_string(says));
	json_object_array_add(r->checks, line);
	judge(r, outcome, check, about, says);
	free(says);
}

void report_say(struct report *r, enum report_outcome outcome, const char *check, const char *about,
		const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	report_vsay(r, outcome, check, about, fmt, args);
	va_end(args);
}

void report_advise(struct report *r, const char *advice)
{
	struct json_object *last =
		json_object_array_get_idx(r->checks, json_object_array_length(r->checks) - 1);

	json_object_object_add(last, "do", json_object_new_string(advice));
}

enum report_outcome report_outcome(const char *sign)
{
	for (size_t i = 0; i < ARRAY_SIZE(outcomes); i++)
		if (strcmp(outcomes[i], sign) == 0)
			return (enum report_outcome)i;
	return REPORT_UNKNOWN;
}

static const char *member(struct json_object *line, const char *name)
{
	return json_object_get_string(json_object_object_get(line, name));
}

static const char *style_of(enum report_outcome outcome)
{
	static const char *const styles[] = {TERMINAL_GREEN, TERMINAL_RED, TERMINAL_YELLOW,
					     TERMINAL_PLAIN, TERMINAL_YELLOW};

	return terminal_style(styles[outcome]);
}

/* The line, and under it what to do. */
static void print_line(struct json_object *line, int width, const char *name)
{
	const char *advice = member(line, "do");

	printf("%s%-2s%s  %-*s  ", style_of(report_outcome(member(line, "outcome"))),
	       member(line, "outcome"), terminal_style(TERMINAL_PLAIN), width, name);
	terminal_print(member(line, "says"), SIZE_MAX);
	if (advice != NULL) {
		printf("\n%*s-> ", width + 6, "");
		terminal_print(advice, SIZE_MAX);
	}
	putchar('\n');
}

static void print_lines(const struct report *r)
{
	int width = 0;

	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < json_object_array_length(r->checks); i++) {
			struct json_object *line = json_object_array_get_idx(r->checks, i);
			char *name = label(member(line, "check"), member(line, "about"));

			if (pass == 0 && (int)strlen(name) > width)
				width = (int)strlen(name);
			if (pass == 1)
				print_line(line, width, name);
			free(name);
		}
	}
}

static void print_json(const struct report *r, const char *verdict)
{
	struct json_object *whole = json_object_get(r->head);

	json_object_object_add(whole, "verdict", json_object_new_string(verdict));
	json_object_object_add(whole, "reason",
			       r->reason == NULL ? NULL : json_object_new_string(r->reason));
	json_object_object_add(whole, "checks", json_object_get(r->checks));
	puts(json_object_to_json_string_ext(whole, JSON_C_TO_STRING_PLAIN |
							   JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(whole);
}

void report_print(const struct report *r, const char *const verdicts[3], bool json)
{
	const char *verdict = verdicts[r->verdict];

	if (json) {
		print_json(r, verdict);
		return;
	}
	print_lines(r);
	printf("\n%s%s%s%s", style_of(r->verdict), verdict, terminal_style(TERMINAL_PLAIN),
	       r->reason == NULL ? "" : ": ");
	terminal_print(r->reason == NULL ? "" : r->reason, SIZE_MAX);
	putchar('\n');
}
