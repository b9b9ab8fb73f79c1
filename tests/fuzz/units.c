/* SPDX-License-Identifier: PostgreSQL */
/* Numbers with units, and addresses. What is taken is digits and a unit that make just this number.
 */
#include "base/units.h"

#include "fuzz.h"

/* The digits' value, or -1 where it is more than 63 bits hold. */
static __int128 value_of(const char *text, size_t *ret_digits)
{
	__int128 value = 0;

	for (*ret_digits = 0; text[*ret_digits] >= '0' && text[*ret_digits] <= '9'; ++*ret_digits)
		value = value < 0 || value > INT64_MAX ? -1
						       : value * 10 + (text[*ret_digits] - '0');
	return value > INT64_MAX ? -1 : value;
}

/* units: "name=factor" for each. */
static void check(const char *text, bool taken, int64_t number, const char *const *units,
		  const int64_t *factors)
{
	size_t digits;
	__int128 expected = value_of(text, &digits), factor = 0;

	for (size_t i = 0; units[i] != NULL; i++)
		if (strcmp(text + digits, units[i]) == 0)
			factor = factors[i];
	expected = expected < 0 ? -1 : expected * factor;
	if (digits == 0 || factor == 0 || expected < 0 || expected > INT64_MAX)
		MUST(!taken);
	else
		MUST(taken && number == (int64_t)expected);
}

static void check_address(const char *text)
{
	const char *colon = strrchr(text, ':');
	long port;

	if (!units_is_address(text))
		return;
	MUST(colon != NULL && colon[1] != '\0' &&
	     strspn(colon + 1, "0123456789") == strlen(colon + 1));
	port = strtol(colon + 1, NULL, 10);
	MUST(port >= 1 && port <= 65535);
	MUST(text[0] == '[' ? colon[-1] == ']' : memchr(text, ':', (size_t)(colon - text)) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const none[] = {"", NULL}, *const durations[] = {"ms", "s", "m",
									    "h",  "d", NULL},
				 *const sizes[] = {"B", "kB", "KB", "MB", "GB", NULL};
	static const int64_t one[] = {1}, millis[] = {1, 1000, 60000, 3600000, 86400000},
			     bytes[] = {1, 1024, 1024, 1024 * 1024, 1024 * 1024 * 1024};
	struct input in = input_of(data, size);
	char *text = input_line(&in);
	int64_t number = 0;
	bool taken;

	taken = units_parse_count(text, &number);
	check(text, taken, number, none, one);
	taken = units_parse_duration(text, &number);
	check(text, taken, number, durations, millis);
	taken = units_parse_size(text, &number);
	check(text, taken, number, sizes, bytes);
	check_address(text);
	free(text);
	return 0;
}
