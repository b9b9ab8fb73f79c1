/* SPDX-License-Identifier: PostgreSQL */
/* Where values come from. */
#include "config.h"

#include "config_case.h"

TEST(a_flag_beats_the_environment_which_beats_the_file_which_beats_the_default)
{
	static const char file[] = "listen = file:1\nadmin-listen = file:2\njwt-cookie = file\n";

	setenv("PGHERALD_LISTEN", "env:1", 1);
	setenv("PGHERALD_ADMIN_LISTEN", "env:2", 1);
	flag("listen", "flag:1");
	assert_good(file);
	assert_string_equal(config.listen, "flag:1");
	assert_string_equal(config.admin_listen, "env:2");
	assert_string_equal(config.jwt_cookie, "file");
	assert_string_equal(config.log_level_name, "info");
}

TEST(a_second_flag_replaces_the_first_and_an_unknown_one_is_refused)
{
	flag("listen", "a:1");
	flag("listen", "b:2");
	assert_false(config_set_flag(&config, "listens", 7, "x"));
	assert_false(config_set_flag(&config, "liste", 5, "x"));
	assert_false(config_set_flag(&config, "", 0, "x"));
	assert_true(config_set_flag(&config, "jwt-cookie=c", 10, "c"));
	assert_good(NULL);
	assert_string_equal(config.listen, "b:2");
	assert_string_equal(config.jwt_cookie, "c");
}

TEST(other_names_in_the_environment_come_after_ours)
{
	setenv("DATABASE_URL", "postgres://other", 1);
	setenv("POLL_INTERVAL", "250", 1);
	assert_good(NULL);
	assert_string_equal(config.database_url, "postgres://other");
	assert_int_equal(config.poll_interval_ms, 250);
	config_release(&config);
	setenv("PGHERALD_DATABASE_URL", "", 1);
	setenv("PGHERALD_POLL_INTERVAL", "2s", 1);
	assert_good(NULL);
	assert_null(config.database_url);
	assert_int_equal(config.poll_interval_ms, 2000);
}

/* A variable with this text in it is told. It is wrong if the configuration is strict. */
static void assert_told(const char *text)
{
	for (int strict = 0; strict < 2; strict++) {
		config_release(&config);
		config.strict = strict == 1;
		if (complete(NULL) == config.strict)
			fail_msg("%s: %s", text, strict ? "was taken" : said);
		if (strstr(said, text) == NULL)
			fail_msg("said was %s", said);
	}
}

TEST(a_name_in_the_environment_that_is_no_option_is_told_and_refused_if_strict)
{
	setenv("PGHERALD_LISTENS", "a:1", 1);
	assert_told(
		"PGHERALD_LISTENS, and there is no such option (did you mean 'PGHERALD_LISTEN'?)");
	unsetenv("PGHERALD_LISTENS");
	setenv("PGHERALD_LISTE", "a:1", 1);
	assert_told(
		"PGHERALD_LISTE, and there is no such option (did you mean 'PGHERALD_LISTEN'?)");
	unsetenv("PGHERALD_LISTE");
	setenv("PGHERALD_listen", "a:1", 1);
	assert_told("PGHERALD_listen, and there is no such option");
	unsetenv("PGHERALD_listen");
	setenv("PGHERALD_CONFIG", "x", 1);
	setenv("PGHERALD_TOKEN", "x", 1);
	setenv("PGHERALDX", "x", 1);
	config_release(&config);
	assert_good(NULL);
}

TEST(a_very_long_name_in_the_environment_that_is_no_option_is_told)
{
	setenv("PGHERALD_23456789012345678901234567890123456789012345678901234567890123456789", "x",
	       1);
	assert_told("PGHERALD_2345");
}

/* name=value */
static void put(const char *variable, bool there)
{
	char name[128];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(variable, "="), variable);
	if (there)
		setenv(name, strchr(variable, '=') + 1, 1);
	else
		unsetenv(name);
}

/* What stands in a container beside the services pgherald, pgherald-admin and pgherald-web-2, and
 * what Docker's --link puts there. */
TEST(what_kubernetes_and_docker_say_of_services_is_no_option)
{
	static const char *const service[] = {
		"_SERVICE_HOST=10.0.0.2",
		"_SERVICE_HOST=fd00::2",
		"_SERVICE_PORT=8001",
		"_SERVICE_PORT_HTTP=8001",
		"_SERVICE_PORT_HTTP_2=8001",
		"_PORT=tcp://10.0.0.2:8001",
		"_PORT=udp://[fd00::2]:8001",
		"_PORT_8001_TCP=tcp://10.0.0.2:8001",
		"_PORT_8001_TCP_PROTO=tcp",
		"_PORT_8001_TCP_PORT=8001",
		"_PORT_8001_TCP_ADDR=10.0.0.2",
		"_PORT_53_UDP_ADDR=10.0.0.2",
		"_PORT_1_SCTP_PROTO=sctp",
		"_PORT_8000_TCP_START=tcp://172.17.0.2:8000",
		"_PORT_8000_TCP_END=tcp://172.17.0.2:8003",
		"_PORT_8000_TCP_PORT_START=8000",
		"_PORT_8000_TCP_PORT_END=8003",
		"_NAME=/web/pgherald",
		"_ENV_LANG=C",
		"_ENV_PGHERALD_LISTEN=0.0.0.0:8000",
		"_ENV_npm_config_x=",
	};
	static const char *const names[] = {"PGHERALD", "PGHERALD_ADMIN", "PGHERALD_WEB_2",
					    "PGHERALD_LISTEN", "PGHERALD_2"};
	char variable[128];

	for (size_t n = 0; n < ARRAY_SIZE(names); n++) {
		for (size_t i = 0; i < ARRAY_SIZE(service); i++) {
			snprintf(variable, sizeof(variable), "%s%s", names[n], service[i]);
			put(variable, true);
		}
		assert_good(NULL);
		assert_string_equal(config.listen, "127.0.0.1:8000");
		config_release(&config);
		for (size_t i = 0; i < ARRAY_SIZE(service); i++) {
			snprintf(variable, sizeof(variable), "%s%s", names[n], service[i]);
			put(variable, false);
		}
	}
}

TEST(what_looks_like_a_service_and_is_none_is_told)
{
	static const char *const misspelt[] = {
		"PGHERALD_LISTEN_ADDR=0.0.0.0:8000",
		"PGHERALD_JWT_SECRT_FILE=/run/secret",
		"PGHERALD_ADMIN=0.0.0.0:8001",
		"PGHERALD_HOST=0.0.0.0",
		"PGHERALD_PORT=8000",
		"PGHERALD_ADMIN_PORT=8001",
		"PGHERALD_PORT=0.0.0.0:8000",
		"PGHERALD_PORT=",
		"PGHERALD_PORTS=tcp://10.0.0.2:1",
		"PGHERALD_LISTEN_PORT=8000",
		"PGHERALD_LISTEN_HOST=0.0.0.0",
		"PGHERALD_ADMIN_HOST=0.0.0.0",
		"PGHERALD_PORT_X_TCP=tcp://10.0.0.2:1",
		"PGHERALD_PORT_8000=tcp://10.0.0.2:8000",
		"PGHERALD_PORT_8000_TCP_HOST=10.0.0.2",
		"PGHERALD_PORT_8000_TCP_ADDRESS=10.0.0.2",
		"PGHERALD_SERVICE=x",
		"PGHERALD_SERVICE_HOSTS=x",
		"PGHERALD_SERVICE_NAME=x",
		"PGHERALD_SERVICE_PORT_=1",
		"PGHERALD_X_SERVICE=x",
		"PGHERALD_SERVICE_PORT_http=1",
		"PGHERALD_admin_SERVICE_HOST=10.0.0.2",
		"PGHERALD__=x",
		"PGHERALD_=x",
		"PGHERALD_ENV=production",
		"PGHERALD_ENVIRONMENT=x",
		"PGHERALD_ENV_=x",
		"PGHERALD_NAME=pgherald",
		"PGHERALD_COOKIE_NAME=jwt",
		"PGHERALD_JWT_COOKIE_NAME=jwt",
		"PGHERALD_DATABASE_NAME=app",
		"PGHERALD_X=PGHERALD_SERVICE_HOST=10.0.0.2",
		"PGHERALD_X=_PORT=tcp://10.0.0.2:1",
	};
	char name[128];

	for (size_t i = 0; i < ARRAY_SIZE(misspelt); i++) {
		put(misspelt[i], true);
		snprintf(name, sizeof(name), "the environment has %.*s,",
			 (int)strcspn(misspelt[i], "="), misspelt[i]);
		assert_told(name);
		put(misspelt[i], false);
	}
}

TEST(a_file_has_comments_blank_lines_and_blanks_around_values)
{
	assert_good("# a comment\n\n  \t\r\n \tjwt-issuer\t=\t a = b # c \r\n"
		    "#listen = x\nheartbeat=1m");
	assert_string_equal(config.jwt_issuer, "a = b # c");
	assert_int_equal(config.heartbeat_ms, 60000);
	assert_string_equal(config.listen, "127.0.0.1:8000");
}

TEST(a_good_file_is_taken_without_a_word)
{
	assert_good("# a comment\nlisten = a:1\n\nheartbeat = 1m\n");
	assert_string_equal(said, "");
}

TEST(a_bad_line_of_a_file_is_named)
{
	assert_bad("\nlisten = a:1\nlistens = b:2\n",
		   "line 3: there is no option 'listens' (did you mean 'listen'?)");
	assert_bad("listen = a:1\n\nlisten = a:1\n", "line 3: a second value for 'listen'");
	assert_bad("listen\n", "line 1 is not of the form");
	assert_bad("= x\n", "line 1: there is no option ''");
	assert_bad("LISTEN = x\n", "there is no option 'LISTEN'");
	setenv("PGHERALD_LISTEN", "env:1", 1); /* also where the environment has set it */
	assert_bad("listen = a:1\nlisten = a:1\n", "line 2: a second value");
}

static void assert_bad_file(const char *path, const char *why)
{
	config_release(&config);
	listen_start();
	assert_false(config_complete(&config, path));
	listen_stop();
	assert_non_null(strstr(said, why));
}

TEST(a_file_with_a_nul_or_none_at_all_is_refused)
{
	assert_bad_file(temp_write("nul.conf", "listen = a\0b\n", 13), "line 1 has a NUL byte");
	assert_bad_file(temp_write("nul.conf", "\n\0\n", 3), "line 2 has a NUL byte");
	assert_bad_file(temp_path("missing.conf"), "cannot read the configuration file");
	assert_bad_file(temp_dir, "cannot read the configuration file");
}

#define SECRET "0123456789abcdef0123456789abcdef"

/* The same place, as /proc/PID/environ shows it. */
TEST(secrets_are_overwritten_in_the_environment_and_others_stay)
{
	char *secret, *url, *other;

	setenv("PGHERALD_JWT_SECRET", SECRET, 1);
	setenv("DATABASE_URL", "postgres://u:p@h/d", 1);
	setenv("PGHERALD_JWT_COOKIE", "c", 1);
	secret = getenv("PGHERALD_JWT_SECRET");
	url = getenv("DATABASE_URL");
	other = getenv("PGHERALD_JWT_COOKIE");
	flag("database-url", "postgres://flag"); /* beats it, and yet it goes */
	assert_good(NULL);
	assert_string_equal(config.jwt_secret, SECRET);
	assert_string_equal(config.database_url, "postgres://flag");
	for (size_t i = 0; i < sizeof(SECRET); i++)
		assert_int_equal(secret[i], 0);
	for (size_t i = 0; i < sizeof("postgres://u:p@h/d"); i++)
		assert_int_equal(url[i], 0);
	assert_null(getenv("PGHERALD_JWT_SECRET"));
	assert_null(getenv("DATABASE_URL"));
	assert_string_equal(other, "c");
}

TEST(a_reload_has_flags_and_environment_of_the_start_and_the_file_of_now)
{
	static const char other[] = "heartbeat = 11s\njwt-cookie = other\nretry = 9s\n";
	struct config fresh;

	setenv("PGHERALD_JWT_SECRET", SECRET, 1);
	setenv("PGHERALD_RETRY", "5s", 1);
	flag("jwt-cookie", "flag");
	assert_good("heartbeat = 10s\njwt-cookie = file\n");
	unsetenv("PGHERALD_RETRY");
	temp_write("pgherald.conf", other, strlen(other));
	config_init(&fresh);
	assert_true(config_reload(&fresh, &config));
	assert_int_equal(fresh.heartbeat_ms, 11000);
	assert_int_equal(fresh.retry_ms, 5000);
	assert_string_equal(fresh.jwt_cookie, "flag");
	assert_string_equal(fresh.jwt_secret, SECRET);
	assert_int_equal(fresh.http.token.keys->count, 1);
	assert_true(fresh.http.token.keys != config.http.token.keys);
	config_release(&fresh);
	temp_write("pgherald.conf", "heartbeat = x\n", 14);
	listen_start();
	assert_false(config_reload(&fresh, &config));
	listen_stop();
	assert_non_null(strstr(said, "heartbeat"));
	config_release(&fresh);
}

TEST(what_is_not_in_force_any_more_forgets_its_keys)
{
	const char *secret;

	assert_good("jwt-secret = " SECRET "\n");
	secret = config.jwt_secret;
	config_forget_keys(&config);
	assert_int_equal(config.http.token.keys->count, 0);
	for (size_t i = 0; i < sizeof(SECRET); i++)
		assert_int_equal(secret[i], 0);
	config_release(&config);
	flag("jwt-secret", SECRET); /* the next reload needs it */
	assert_good(NULL);
	config_forget_keys(&config);
	assert_string_equal(config.jwt_secret, SECRET);
}

TEST(a_secret_on_the_command_line_is_warned_of)
{
	flag("jwt-secret", SECRET);
	assert_good(NULL);
	assert_non_null(strstr(said, "--jwt-secret"));
	assert_null(strstr(said, SECRET));
	config_release(&config);
	flag("database-url", "postgres://u:p@h/d");
	assert_good(NULL);
	assert_non_null(strstr(said, "--database-url"));
	config_release(&config);
	flag("database-url", "host=h password=p");
	assert_good(NULL);
	assert_non_null(strstr(said, "--database-url"));
	config_release(&config);
	flag("database-url", "postgres://u@h:5432/d");
	assert_good(NULL);
	assert_string_equal(said, "");
	config_release(&config);
	setenv("PGHERALD_JWT_SECRET", SECRET, 1);
	assert_good(NULL);
	assert_string_equal(said, "");
}

TEST(a_file_with_a_secret_that_everybody_can_read_is_refused)
{
	static const char with[] = "jwt-secret = " SECRET "\n", without[] = "jwt-cookie = c\n";
	const char *path = temp_write("open.conf", with, strlen(with));

	assert_int_equal(chmod(path, 0644), 0);
	assert_bad_file(path, "chmod 600");
	assert_int_equal(chmod(path, 0640), 0);
	config_release(&config);
	assert_true(config_complete(&config, path));
	config_release(&config);
	assert_int_equal(chmod(path, 0644), 0);
	temp_write("open.conf", without, strlen(without));
	assert_true(config_complete(&config, path));
}

/* It may be the rest of a secret. */
TEST(a_line_that_makes_no_sense_is_not_shown)
{
	assert_bad("jwt-secret: " SECRET "\n", "line 1 is not of the form");
	assert_null(strstr(said, SECRET));
	assert_bad("jwt-secret = c2VjcmV0\nc2VjcmV0IGFuZCBtb3Jl=\n",
		   "line 2: what stands before the = is no option");
	assert_null(strstr(said, "c2Vj"));
	assert_bad("jwt-secret = c2VjcmV0\nIGhpZGRlbiBvbmU==\n",
		   "line 2: what stands before the = is no option");
	assert_bad("0123456789abcdef=\n", "line 1: what stands before the = is no option");
	assert_bad("PGHERALD_JWT_PUBLIC_KEY_FILE = x\n",
		   "line 1: there is no option 'PGHERALD_JWT_PUBLIC_KEY_FILE'");
}

TEST(names_of_secrets_are_known)
{
	assert_true(config_is_secret("jwt-secret", 10));
	assert_true(config_is_secret("database-url", 12));
	assert_false(config_is_secret("jwt-secret-file", 15));
	assert_false(config_is_secret("nothing", 7));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(a_flag_beats_the_environment_which_beats_the_file_which_beats_the_default),
		FRESH(a_second_flag_replaces_the_first_and_an_unknown_one_is_refused),
		FRESH(other_names_in_the_environment_come_after_ours),
		FRESH(a_name_in_the_environment_that_is_no_option_is_told_and_refused_if_strict),
		FRESH(a_very_long_name_in_the_environment_that_is_no_option_is_told),
		FRESH(what_kubernetes_and_docker_say_of_services_is_no_option),
		FRESH(what_looks_like_a_service_and_is_none_is_told),
		FRESH(a_file_has_comments_blank_lines_and_blanks_around_values),
		FRESH(a_good_file_is_taken_without_a_word),
		FRESH(a_bad_line_of_a_file_is_named),
		FRESH(a_file_with_a_nul_or_none_at_all_is_refused),
		FRESH(secrets_are_overwritten_in_the_environment_and_others_stay),
		FRESH(a_reload_has_flags_and_environment_of_the_start_and_the_file_of_now),
		FRESH(what_is_not_in_force_any_more_forgets_its_keys),
		FRESH(a_secret_on_the_command_line_is_warned_of),
		FRESH(a_file_with_a_secret_that_everybody_can_read_is_refused),
		FRESH(a_line_that_makes_no_sense_is_not_shown),
		FRESH(names_of_secrets_are_known),
	};

	return cmocka_run_group_tests(tests, open_dir, close_dir);
}
