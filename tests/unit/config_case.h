/* SPDX-License-Identifier: PostgreSQL */
/* config_case.h: one configuration in a clean environment, for the tests of config. Included last,
 * it brings unit.h. */
#ifndef TESTS_UNIT_CONFIG_CASE_H
#define TESTS_UNIT_CONFIG_CASE_H

#include "config.h"

#include "temp.h"

static struct config config;

/* What the tests set, and what whoever runs them may have set. */
static inline void clear_environment(void)
{
	for (char **e = environ; *e != NULL;) {
		char name[128];

		snprintf(name, sizeof(name), "%.*s", (int)strcspn(*e, "="), *e);
		if (strncmp(name, "PGHERALD_", 9) == 0 && unsetenv(name) == 0)
			e = environ;
		else
			e++;
	}
	unsetenv("DATABASE_URL");
	unsetenv("POLL_INTERVAL");
	unsetenv("SSE_ENCRYPTION_KEY");
}

static inline int start(void **state __attribute__((unused)))
{
	clear_environment();
	config_init(&config);
	return 0;
}

static inline int finish(void **state __attribute__((unused)))
{
	config_release(&config);
	return 0;
}

static inline int open_dir(void **state __attribute__((unused)))
{
	temp_open();
	return 0;
}

static inline int close_dir(void **state __attribute__((unused)))
{
	temp_close();
	return 0;
}

static inline void flag(const char *name, const char *value)
{
	assert_true(config_set_flag(&config, name, strlen(name), value));
}

/* file NULL: none. Said afterwards: what went to stderr. */
static inline bool complete(const char *file)
{
	bool good;

	if (file != NULL)
		file = temp_write("pgherald.conf", file, strlen(file));
	listen_start();
	good = config_complete(&config, file);
	listen_stop();
	assert_true(good || said[0] != '\0');
	return good;
}

static inline void assert_good(const char *file)
{
	if (!complete(file))
		fail_msg("%s", said);
}

/* This file must be refused with these words. */
static inline void assert_bad(const char *file, const char *why)
{
	config_release(&config);
	assert_false(complete(file));
	if (strstr(said, why) == NULL)
		fail_msg("refused with %s", said);
}

static inline void assert_bad_flag(const char *name, const char *value, const char *why)
{
	config_release(&config);
	flag(name, value);
	if (complete(NULL))
		fail_msg("%s '%s' was taken", name, value);
	if (strstr(said, why) == NULL || strstr(said, name) == NULL)
		fail_msg("%s '%s' was refused with %s", name, value, said);
}

#define FRESH(sentence) cmocka_unit_test_setup_teardown(sentence, start, finish)

#endif
