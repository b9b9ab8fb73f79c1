/* SPDX-License-Identifier: PostgreSQL */
/* What values mean, and which are refused. */
#include "config.h"

#include "config_case.h"

#define SECRET "0123456789abcdef0123456789abcdef"

/* An option, a value of it, and words of the refusal. */
struct refusal {
	const char *option, *value, *why;
};

static void assert_refusals(const struct refusal *all, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_bad_flag(all[i].option, all[i].value, all[i].why);
	config_release(&config);
}

TEST(every_option_has_a_default)
{
	assert_good(NULL);
	assert_null(config.database_url);
	assert_null(config.jwt_secret);
	assert_int_equal(config.http.token.keys->count, 0);
	assert_string_equal(config.listen, "127.0.0.1:8000");
	assert_string_equal(config.admin_listen, "127.0.0.1:8001");
	assert_int_equal(config.http.heartbeat_ms, 30000);
	assert_int_equal(config.http.compress_above, 1024);
	assert_int_equal(config.http.retry_ms, 2000);
	assert_int_equal(config.http.token.leeway_ms, 30000);
	assert_int_equal(config.poll_interval_ms, 5000);
	assert_int_equal(config.log_size, 64 << 20);
	assert_int_equal(config.retention_ms, 86400000);
	assert_true(config.http.max_streams > 0);
	assert_int_equal(config.http.max_streams_per_user, 100);
	assert_int_equal(config.http.max_streams_per_ip, 0);
	assert_string_equal(config.http.cookie, "jwt");
	assert_int_equal(config.http.sources[0], TOKEN_COOKIE);
	assert_int_equal(config.http.sources[1], TOKEN_HEADER);
	assert_int_equal(config.http.sources[2], TOKEN_QUERY);
	assert_int_equal(config.log_level, LOG_INFO);
	assert_false(config.log_json);
	assert_null(config.http.origins[0]);
}

TEST(numbers_sizes_and_durations_are_checked)
{
	static const struct refusal bad[] = {
		{"heartbeat", "30", "not a duration"},
		{"heartbeat", "49ms", "out of its range: 50ms to 3600000ms"},
		{"heartbeat", "2h", "out of its range"},
		{"jwt-leeway", "11m", "out of its range"},
		{"retention", "999ms", "out of its range"},
		{"retry", "x", "not a duration"},
		{"log-size", "64", "not a size"},
		{"compress-above", "1000", "not a size such as 64MB, nor off"},
		{"compress-above", "on", "not a size"},
		{"compress-above", "", "is empty"},
		{"compress-above", "2GB", "out of its range"},
		{"log-size", "64mb", "not a size"},
		{"log-size", "1023kB", "out of its range: 1048576B to 68719476736B"},
		{"log-size", "65GB", "out of its range"},
		{"log-size", "99999999999GB", "not a size"},
		{"poll-interval", "0", "out of its range"},
		{"poll-interval", "5x", "not millis"},
		{"max-streams", "0", "out of its range: 1 to 10000000"},
		{"max-streams", "many", "not a number"},
		{"max-streams", "-1", "not a number"},
		{"max-streams-per-user", "1.5", "not a number"},
		{"max-streams-per-ip", "10000001", "out of its range"},
	};

	assert_refusals(bad, ARRAY_SIZE(bad));
	flag("log-size", "2MB");
	flag("max-streams", "17");
	flag("heartbeat", "50ms");
	flag("compress-above", "off");
	assert_good(NULL);
	assert_int_equal(config.log_size, 2 << 20);
	assert_int_equal(config.http.max_streams, 17);
	assert_int_equal(config.http.heartbeat_ms, 50);
	assert_int_equal(config.http.compress_above, -1);
}

TEST(a_leeway_below_a_second_is_kept)
{
	flag("jwt-leeway", "1900ms");
	assert_true(complete(NULL) && config.http.token.leeway_ms == 1900);
}

TEST(a_value_that_is_given_may_be_empty_only_where_that_means_something)
{
	static const char *const must[] = {
		"listen",    "jwt-secret", "jwt-leeway",           "jwt-cookie", "token-sources",
		"heartbeat", "retry",      "max-streams-per-user", "log-size",   "retention",
		"log-level", "log-format", "poll-interval"};

	for (size_t i = 0; i < ARRAY_SIZE(must); i++)
		assert_bad_flag(must[i], "", "is empty");
	setenv("PGHERALD_JWT_SECRET", "", 1);
	assert_bad(NULL, "jwt-secret is empty");
	unsetenv("PGHERALD_JWT_SECRET");
	assert_bad("jwt-secret =\n", "jwt-secret is empty");
	config_release(&config);
	assert_good("admin-listen =\njwt-issuer = \nmax-streams =\nallowed-origins=\n"
		    "database-url=\n");
	assert_null(config.admin_listen);
	assert_null(config.http.token.issuers);
}

TEST(words_lists_and_addresses_are_checked)
{
	static const struct refusal bad[] = {
		{"jwt-issuer", " , ", "names none"},
		{"jwt-audience", ",", "names none"},
		{"listen", "8000", "not an address"},
		{"admin-listen", "a:0", "not an address"},
		{"log-level", "INFO", "not error"},
		{"log-format", "xml", "not text or json"},
		{"token-sources", "cookie,body", "not a list"},
		{"token-sources", "Cookie", "not a list"},
		{"token-sources", "cookie,header,query,cookie", "not a list"},
		{"jwt-cookie", "my jwt", "no cookie can be named"},
		{"jwt-cookie", "jwt;Secure", "no cookie can be named"},
		{"jwt-cookie", "jwt=", "no cookie can be named"},
		{"allowed-origins", "https://a.com,example.com", "'example.com': it has no scheme"},
		{"allowed-origins", "https://a.com/x", "'https://a.com/x': an origin has no path"},
		{"allowed-origins", "*", "name each origin"},
		{"allowed-origins", "https://a.com https://b.com", "joined by commas"},
	};

	assert_refusals(bad, ARRAY_SIZE(bad));
	flag("token-sources", " query , header");
	flag("allowed-origins", "HTTPS://A.com:443/, http://localhost:3000,https://*.A.com");
	flag("log-format", "json");
	flag("jwt-issuer", " https://a.example , b,");
	flag("jwt-audience", "us");
	assert_good(NULL);
	assert_string_equal(config.http.token.issuers[0], "https://a.example");
	assert_string_equal(config.http.token.issuers[1], "b");
	assert_null(config.http.token.issuers[2]);
	assert_string_equal(config.http.token.audiences[0], "us");
	assert_null(config.http.token.audiences[1]);
	assert_int_equal(config.http.sources[0], TOKEN_QUERY);
	assert_int_equal(config.http.sources[1], TOKEN_HEADER);
	assert_int_equal(config.http.sources[2], TOKEN_NOWHERE);
	assert_string_equal(config.http.origins[0], "https://a.com");
	assert_string_equal(config.http.origins[1], "http://localhost:3000");
	assert_string_equal(config.http.origins[2], "https://*.a.com");
	assert_null(config.http.origins[3]);
	assert_true(config.log_json);
}

TEST(there_may_be_so_many_origins_and_no_more)
{
	char list[40 * (CONFIG_ORIGINS_MAX + 1)] = "";

	for (int i = 0; i < CONFIG_ORIGINS_MAX; i++)
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "https://%d.com,", i);
	flag("allowed-origins", list);
	assert_good(NULL);
	assert_non_null(config.origins[CONFIG_ORIGINS_MAX - 1]);
	assert_null(config.origins[CONFIG_ORIGINS_MAX]);
	strcat(list, "https://one.more");
	assert_bad_flag("allowed-origins", list, "more than 32");
}

TEST(the_key_is_loaded_and_a_bad_one_refused)
{
	flag("jwt-secret-file", temp_write("secret", SECRET "\n", 33));
	assert_good("jwt-audience = us\njwt-leeway = 0s\njwt-algorithm = HS256");
	assert_int_equal(config.http.token.keys->count, 1);
	assert_int_equal(config.http.token.keys->keys[0].len, 32);
	assert_memory_equal(config.http.token.keys->keys[0].bytes, SECRET, 32);
	assert_int_equal(config.http.token.keys->keys[0].algorithms,
			 ALGORITHM_SET(ALGORITHM_HS256));
	assert_string_equal(config.http.token.audiences[0], "us");
	assert_null(config.http.token.audiences[1]);
	assert_null(config.http.token.issuers);
	assert_int_equal(config.http.token.leeway_ms, 0);
	assert_bad_flag("jwt-secret", "short", "fewer than 32");
	assert_bad("jwt-secret = " SECRET "\njwt-secret-file = x\n", "more than one of");
	assert_bad("jwt-secret = " SECRET "\njwt-algorithm = none\n", "jwt-algorithm is 'none'");
}

TEST(the_claim_that_is_the_subject_has_a_name)
{
	assert_good(NULL);
	assert_string_equal(config.http.token.subject, "sub");
	config_release(&config);
	assert_good("jwt-subject = user.id\n");
	assert_string_equal(config.http.token.subject, "user.id");
	assert_bad("jwt-subject = \n", "jwt-subject is empty");
}

TEST(the_encryption_key_is_made_ready_and_a_bad_one_refused)
{
	setenv("SSE_ENCRYPTION_KEY", SECRET, 1);
	assert_good("encryption-key-id = k1\n");
	assert_non_null(config.seal);
	unsetenv("SSE_ENCRYPTION_KEY");
	assert_bad_flag("encryption-key", "0123456789012345678901234567890",
			"31 characters, fewer than 32");
	assert_bad_flag("encryption-key", "", "is empty");
	assert_bad_flag("encryption-key", SECRET "\xff", "not UTF-8");
	assert_bad("encryption-key-id = k1\n", "no encryption-key");
	assert_bad("encryption-key = " SECRET "\nencryption-key-id = k.1\n",
		   "letters, digits and _");
	config_release(&config);
	assert_good(NULL);
	assert_null(config.seal);
}

TEST(the_key_of_tokens_is_not_taken_for_the_encryption_key)
{
	assert_bad("jwt-secret = " SECRET "\nencryption-key = " SECRET "\n",
		   "also the key of tokens");
	config_release(&config);
	assert_good("jwt-secret = " SECRET "\nencryption-key = " SECRET "x\n");
	assert_non_null(config.seal);
}

/* libpq would name what it cannot read, or take it for a host, a port or a database. */
TEST(a_database_url_that_cannot_be_read_is_refused_and_not_shown)
{
	static const struct refusal bad[] = {
		{"database-url", "postgresql://app:hidden%zz@db/x", "percent-encode"},
		{"database-url", "postgresql://app:hid%00den@db/x", "percent-encode"},
		{"database-url", "postgres://app:h@hidden@db/x", "percent-encode"},
		{"database-url", "postgres://app:hidden/h@db/x", "percent-encode"},
		{"database-url", "postgres://app:123/hidden@db/x", "percent-encode"},
		{"database-url", "postgres://app:hidden@[::1/x", "percent-encode"},
		{"database-url", "postgres://app:hidden@db/x?schema=hidden", "after its ?"},
		{"database-url", "postgres://app:hid?den@db/x?pool=1&pool", "after its ?"},
		{"database-url", "postgresql+asyncpg://app:hidden@db/x",
		 "which begins with postgresql://"},
		{"database-url", "jdbc:postgresql://db/x?user=app&password=hidden",
		 "which begins with postgresql://"},
		{"database-url", " postgresql://app:hidden@db/x",
		 "which begins with postgresql://"},
		{"database-url", "'postgresql://app:hidden@db/x?sslmode=require'",
		 "which begins with postgresql://"},
		{"database-url", "app:hidden@db/x", "which begins with postgresql://"},
		{"database-url", "host=db password=h hidden user=app", "keyword=value"},
		{"database-url", "host=db password=h hidden=1", "keyword=value"},
		{"database-url", "host=db password='hidden", "keyword=value"},
		{"database-url", "host=app@hidden port=1", "keyword=value"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_bad_flag(bad[i].option, bad[i].value, bad[i].why);
		assert_null(strstr(said, "hidden"));
	}
}

TEST(a_database_url_may_be_all_that_libpq_reads)
{
	static const char *const good[] = {
		"mydb",
		"my db:2",
		"a@b",
		"postgresql://",
		"postgres:///x",
		"postgres://%2Frun%2Fpg/x",
		"postgres://%40abstract/x",
		"host=@a,@b",
		("postgres://app:p%40%2F%25ss@a:1,[::1]:2,c/"
		 "x?sslmode=require&target_session_attrs=any"),
		"postgres://app@db/a@b",
		"service=prod",
		"host=a,b port=5432,,1 password='two words' user=app",
		"postgres://db/a@b?user=app",
		"postgres://app:hid?den@db",
		"port= 5432",
	};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		setenv("DATABASE_URL", good[i], 1);
		assert_good(NULL);
		assert_string_equal(config.database_url, good[i]);
		assert_string_equal(said, "");
		config_release(&config);
	}
}

TEST(secrets_are_not_shown)
{
	char *shown = NULL;
	size_t len;
	FILE *out = open_memstream(&shown, &len);

	flag("jwt-secret", SECRET);
	flag("encryption-key", "another " SECRET);
	flag("database-url", "postgres://u:password@h/d");
	assert_good(NULL);
	config_print(&config, out);
	fclose(out);
	assert_null(strstr(shown, SECRET));
	assert_null(strstr(shown, "password"));
	assert_non_null(strstr(shown, "jwt-secret = (hidden)\n"));
	assert_non_null(strstr(shown, "listen = 127.0.0.1:8000\n"));
	free(shown);
}

TEST(the_sample_is_a_configuration)
{
	char *sample = NULL;
	size_t len;
	FILE *out = open_memstream(&sample, &len);

	config_print_sample(out);
	fclose(out);
	assert_good(sample);
	free(sample);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(every_option_has_a_default),
		FRESH(numbers_sizes_and_durations_are_checked),
		FRESH(a_leeway_below_a_second_is_kept),
		FRESH(a_value_that_is_given_may_be_empty_only_where_that_means_something),
		FRESH(words_lists_and_addresses_are_checked),
		FRESH(there_may_be_so_many_origins_and_no_more),
		FRESH(the_key_is_loaded_and_a_bad_one_refused),
		FRESH(the_claim_that_is_the_subject_has_a_name),
		FRESH(the_encryption_key_is_made_ready_and_a_bad_one_refused),
		FRESH(the_key_of_tokens_is_not_taken_for_the_encryption_key),
		FRESH(a_database_url_that_cannot_be_read_is_refused_and_not_shown),
		FRESH(a_database_url_may_be_all_that_libpq_reads),
		FRESH(secrets_are_not_shown),
		FRESH(the_sample_is_a_configuration),
	};

	return cmocka_run_group_tests(tests, open_dir, close_dir);
}
