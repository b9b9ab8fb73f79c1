/* SPDX-License-Identifier: PostgreSQL */
#include <string.h>

#include "config_table.h"

static const char *shown(const struct option *o, const char *value)
{
	return (o->flags & SECRET) && value[0] != '\0' ? "(hidden)" : value;
}

/* A file may have other keys under the same name, so the keys are compared. */
void config_log_keys(const struct keyring *from, const struct keyring *to)
{
	size_t fresh = 0, gone = 0;

	for (size_t i = 0; i < to->count; i++)
		fresh += !keyring_has(from, to->keys[i].mark);
	for (size_t i = 0; i < from->count; i++)
		gone += !keyring_has(to, from->keys[i].mark);
	if (fresh > 0 || gone > 0)
		log_info("tokens are verified with %zu keys now: %zu new ones, and %zu are taken "
			 "no more",
			 to->count, fresh, gone);
}

void config_log_changes(const struct config *from, const struct config *to)
{
	for (size_t i = 0; i < config_option_count; i++) {
		if (strcmp(from->text[i], to->text[i]) == 0)
			continue;
		if (config_options[i].flags & RELOAD)
			log_info("%s is '%s' now", config_options[i].name,
				 shown(&config_options[i], to->text[i]));
		else
			log_warn("%s was changed: restart for it to be used",
				 config_options[i].name);
	}
	config_log_keys(from->keyring, to->keyring);
}

void config_print_help(FILE *out)
{
	for (size_t i = 0; i < config_option_count; i++) {
		const struct option *o = &config_options[i];

		fprintf(out, "  --%s %s\n        %s%s%s%s\n", o->name, o->value, o->help,
			o->fallback[0] == '\0' ? "" : " [", o->fallback,
			o->fallback[0] == '\0' ? "" : "]");
	}
}

void config_print_sample(FILE *out)
{
	fprintf(out, "# pgherald: every option at its default. Flags and the environment beat this "
		     "file.\n");
	for (size_t i = 0; i < config_option_count; i++)
		fprintf(out, "\n# %s\n#%s = %s\n", config_options[i].help, config_options[i].name,
			config_options[i].fallback);
}

void config_print_table(FILE *out)
{
	fprintf(out, "| option | default | |\n|---|---|---|\n");
	for (size_t i = 0; i < config_option_count; i++)
		fprintf(out, "| `%s` | %s | %s%s |\n", config_options[i].name,
			config_options[i].fallback[0] == '\0' ? "-" : config_options[i].fallback,
			config_options[i].help,
			config_options[i].flags & RELOAD ? "" : " (restart)");
}

void config_print(const struct config *c, FILE *out)
{
	for (size_t i = 0; i < config_option_count; i++)
		fprintf(out, "%s = %s\n", config_options[i].name,
			shown(&config_options[i], c->text[i]));
}
